internal import HTTP
internal import ProxyCore

/// One who asks: requests in, responses out, one at a time.
///
/// All state is touched on the admin loop only.
final class AdminSession {
  enum AdminStage {
    /// The head of a request is awaited. Can go to: waiting, sending, ended.
    case head
    /// Loops tell of themselves; nothing is read. Can go to: sending, ended.
    case waiting
    /// The client takes its time to read what it asked for. Can go to: head, ended.
    case sending
    /// Nothing more is read. What is owed is sent.
    case ended
  }

  private let desk: AdminDesk
  private var connection: Connection?
  private var stage = AdminStage.head
  private var parser = HTTPRequestParser()
  private var question: (route: AdminRoute, request: HTTPRequest)?
  /// Whether a request has begun to come, and its head not ended.
  private var isMidHead = false
  private var timer: TimerHandle?

  init(_ desk: AdminDesk, _ connection: Connection) {
    self.desk = desk
    self.connection = connection
    expect(within: Limits.httpIdleMax)
  }

  // MARK: Requests

  private func begin(_ bytes: RawSpan) {
    let head = parser.head
    var request = HTTPRequest(head, in: bytes, HTTPSettings())
    // Nothing here has a use for a body, and where it ends is not looked for.
    if head.body != .none { request.close() }
    if head.contains(.host), !desk.allows(host: bytes.extracting(head.host), from: connection?.peer)
    {
      return answer(request, .adminHostForeign)
    }
    let target = bytes.extracting(head.target)
    guard let path = RequestTarget.path(ofParsed: target),
      let route = AdminRoute(target.extracting(path))
    else { return answer(request, .routeUnknown) }
    switch head.method {
    case .get, .head: break
    case .options:
      return answer(request) { $0.appendOptions(isPreflight: false, for: request, to: &$1) }
    case .put, .delete, .post, .patch, .trace, .connect, .unknown:
      return answer(request, .adminMethodNotAllowed)
    }
    guard route.needsReports else { return answer(request, route, nil) }
    question = (route, request)
    stage = .waiting
    desk.inquire(for: self)
  }

  /// What the loops tell; nil where one of them does not.
  func told(_ report: AdminReport?) {
    guard let (route, request) = question.take(), connection != nil else { return }
    stage = .head
    answer(request, route, report)
    if stage == .head { connection?.resumeReading() }
  }

  // MARK: Responses

  private func answer(_ request: HTTPRequest, _ problem: HTTPProblem) {
    answer(request) { $0.append(problem, for: request, to: &$1) }
  }

  private func answer(_ request: HTTPRequest, _ route: AdminRoute, _ report: AdminReport?) {
    var document = ByteBuffer()
    let response = desk.response(to: route, report, document: &document)
    answer(request) {
      $0.append(
        document: document.bytes, response.status, lines: response.lines, for: request, to: &$1)
    }
  }

  private func answer(
    _ request: HTTPRequest, _ body: (borrowing HTTPResponseWriter, inout ByteBuffer) -> Void
  ) {
    guard let connection else { return }
    let output = connection.output
    desk.withWriter { body($0, &output.bytes) }
    if !request.keepsConnection { end() }
  }

  private func end() {
    stage = .ended
    expect(within: Limits.httpIdleMax)
    connection?.closeAfterFlushing()
  }

  // MARK: Time

  private func expect(within patience: Duration) {
    guard let connection else { return }
    let deadline = connection.loop.now.advanced(by: patience)
    if let timer, connection.loop.reschedule(timer, at: deadline) { return }
    timer = connection.loop.schedule(at: deadline, self, token: 0)
  }
}

extension AdminSession: TimerTarget {
  func timerFired(_ token: Int, now: Moment) {
    timer = nil
    // Those who take nothing and those who say nothing, or not all of it.
    connection?.close()
  }
}

extension AdminSession: ConnectionHandler {
  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    var offset = 0
    while offset < bytes.byteCount && stage == .head {
      // The answer before has to leave first: requests are short and answers long.
      if connection.outputCount > 0 {
        if !connection.isOutputBlocked { return .yielded(offset) }
        stage = .sending
        break
      }
      let rest = bytes.extracting(offset..<bytes.byteCount)
      switch parser.parse(rest) {
      case .request(let length):
        isMidHead = false
        expect(within: Limits.httpIdleMax)
        begin(rest.extracting(0..<length))
        offset &+= length
      case .nothing(let length): offset &+= length
      case .needsMore(let count):
        expectRest()
        return .taken(offset, needing: rest.byteCount &+ count)
      case .refused(let error):
        let output = connection.output
        desk.withWriter { $0.append(error, isHead: parser.head.method == .head, to: &output.bytes) }
        end()
      }
    }
    switch stage {
    case .head: return .taken(offset)
    case .waiting, .sending:
      connection.pauseReading()
      return .taken(offset)
    case .ended: return .taken(bytes.byteCount)
    }
  }

  /// The rest of a head has its time from when the first of it came.
  private func expectRest() {
    if isMidHead { return }
    isMidHead = true
    expect(within: Limits.httpHeadMax)
  }

  func drained(_ connection: Connection, now: Moment) {
    guard stage == .sending else { return }
    stage = .head
    connection.resumeReading()
  }

  func finished(_ connection: Connection, now: Moment) { end() }

  func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {
    if let timer { connection.loop.cancel(timer) }
    timer = nil
    self.connection = nil
    question = nil
    stage = .ended
    desk.left()
  }
}

@available(*, unavailable)
extension AdminSession: Sendable {}
