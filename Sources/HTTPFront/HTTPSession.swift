internal import HTTP
internal import ProxyCore

/// One client: its requests in, its responses out, in order.
///
/// ```
///   head ─▶ GET ─▶ memory ────────────────────────────────────────────────┐
///    ▲       │       └ miss ─▶ Worker.fetch ─▶ (large: a link of its own) ──┤
///    │       └ with a body ─▶ body ─▶ discarded ─▶ as without             ├─▶ response
///    │   PUT ─▶ body ─▶ Worker.pass, or as it comes over a link of its own ─┤
///    │   DELETE ─▶ Worker.pass ───────────────────────────────────────────┤
///    └────────────────────────────────────────────────────────────────────┘
/// ```
///
/// One request is under way at a time: those behind it stay unread until it is answered. All state is
/// touched on the worker's loop only.
final class HTTPSession {
  /// What the next bytes are, and who has to act.
  enum SessionStage {
    /// The head of a request, the client. Can go to: body, waiting, ended.
    case head
    /// The body of one, the client. Can go to: stalled, waiting, head, ended.
    case body
    /// Bytes are left until a link has taken those before. Can go to: body, ended.
    case stalled
    /// Bytes are left until Redis has answered. Can go to: head, ended.
    case waiting
    /// Nothing more is read. What is owed is sent.
    case ended
  }

  /// What becomes of the bytes.
  enum HTTPVerdict: Equatable {
    /// The first `count` are done with; of what follows, `needing` bytes are needed.
    case taken(_ count: Int, needing: Int)
    /// The first `count` are done with, and what follows must wait.
    case stalled(_ count: Int)
    /// The first `count` are done with, and the responses are to leave before more are made.
    case yielded(_ count: Int)
    case ended
  }

  let worker: Worker
  let desk: HTTPDesk
  let database: UInt32
  @safe @exclusivity(unchecked) var connection: Connection?
  @safe @exclusivity(unchecked) var stage = SessionStage.head
  @safe @exclusivity(unchecked) private var parser = HTTPRequestParser()
  /// Under which number the desk knows the head of the last plain request.
  private var headNumber = 0
  /// The request that waits for something.
  @safe @exclusivity(unchecked) var exchange: Exchange?
  /// What is told of the request under way; nil while nothing is.
  @safe @exclusivity(unchecked) var access: PendingAccess?
  private var tickets: UInt64 = 0
  @safe @exclusivity(unchecked) var watch: Watch
  var timer: TimerHandle?

  init(desk: HTTPDesk, worker: Worker, connection: Connection) {
    self.desk = desk
    self.worker = worker
    self.connection = connection
    database = UInt32(clamping: worker.proxy.settings.url.database)
    watch = Watch(since: worker.loop.now)
    armTimer()
  }

  /// Where responses go.
  var output: OutputBuffer { connection?.output ?? desk.nowhere }

  // MARK: Requests

  /// Does what the requests in `bytes` ask for, which begin with the first byte that was not taken.
  /// O(bytes).
  func take(_ bytes: RawSpan, now: Moment) -> HTTPVerdict {
    desk.refresh(now: now)
    var offset = 0
    while offset < bytes.byteCount {
      // Short requests for long values: a batch of them must not become gigabytes at once.
      if offset > 0, let connection, connection.outputCount > Limits.httpBatchOutputBytesMax {
        return .yielded(offset)
      }
      let rest = bytes.extracting(offset..<bytes.byteCount)
      switch stage {
      case .head:
        if let length = takePlain(rest, now: now) {
          offset &+= length
          continue
        }
        switch parser.parse(rest) {
        case .request(let length):
          let head = rest.extracting(0..<length)
          if logsAccess {
            beginWrittenDown(
              head, target: parser.head.target, isLast: length == rest.byteCount, now: now)
          } else {
            begin(head, isLast: length == rest.byteCount, now: now)
          }
          offset &+= length
        case .nothing(let length): offset &+= length
        case .refused(let error): refuse(error, now: now)
        case .needsMore(let count):
          // Every byte of a head that was late would otherwise win it more time.
          if watch.phase != .head || offset > 0 { watch(.head, now: now) }
          return .taken(offset, needing: rest.byteCount &+ count)
        }
      case .body: offset &+= takeBody(rest, now: now)
      case .stalled, .waiting: return .stalled(offset)
      case .ended: return .ended
      }
    }
    if stage == .head { watch(.idle, now: now) }
    return stage == .stalled ? .stalled(offset) : .taken(offset, needing: 0)
  }

  /// Executes a plain request in which only the target is new. Says how long it was; nil where it
  /// is another one, or one with something wrong.
  private func takePlain(_ bytes: RawSpan, now: Moment) -> Int? {
    guard parser.isFresh, !logsAccess, let found = desk.heads.find(headNumber, in: bytes) else {
      return nil
    }
    desk.key.removeAll()
    do throws(RequestTargetError) {
      try RequestTarget.appendKey(ofParsed: bytes.extracting(found.target), to: &desk.key)
    } catch {
      return nil
    }
    readPlain(desk.key, now: now)
    if desk.key.allocated > Limits.httpKeyKeptMax { desk.key.release() }
    return found.end
  }

  private func readPlain(_ key: borrowing ByteBuffer, now: Moment) {
    read(desk.plainRequest, key: key.bytes, now: now)
  }

  /// - Parameter isLast: Whether nothing of what has come follows it.
  func begin(_ head: RawSpan, isLast: Bool, now: Moment) {
    var request = HTTPRequest(parser.head, in: head, desk.options.settings)
    if desk.isEnding && isLast { request.close() }
    desk.key.removeAll()
    let purpose = request.purpose(
      parser.head, in: head, desk.options.settings, checks: desk.checks, key: &desk.key)
    if purpose == .read && request.mayBeKnown(by: parser.head) && !desk.isEnding {
      headNumber = desk.heads.keep(
        head.extracting(parser.head.target.upperBound..<head.byteCount))
    }
    performOrAwaitBody(purpose, request, key: desk.key, now: now)
    if desk.key.allocated > Limits.httpKeyKeptMax { desk.key.release() }
  }

  private func performOrAwaitBody(
    _ purpose: HTTPPurpose, _ request: HTTPRequest, key: borrowing ByteBuffer, now: Moment
  ) {
    if request.body == .none || Self.mayComeWithoutBody(request, purpose) {
      perform(purpose, request, key: key.bytes, now: now)
    } else {
      beginBody(wait(request, purpose, key: key.bytes, now: now), now: now)
    }
  }

  /// Whether the client may well not send the body, now that it is told no.
  private static func mayComeWithoutBody(_ request: HTTPRequest, _ purpose: HTTPPurpose) -> Bool {
    if case .problem = purpose { request.awaitsContinue } else { false }
  }

  /// Does what a request is for, once its body has come.
  func perform(_ purpose: HTTPPurpose, _ request: HTTPRequest, key: RawSpan, now: Moment) {
    switch purpose {
    case .read: read(request, key: key, now: now)
    case .write, .delete: write(exchange ?? wait(request, purpose, key: key, now: now), now: now)
    case .options(let isPreflight):
      worker.note(.http, .local)
      desk.writer.appendOptions(isPreflight: isPreflight, for: request, to: &output.bytes)
      answered(request, now: now)
    case .problem(let problem):
      worker.note(.http, .local)
      answer(request, problem, now: now)
    }
  }

  /// Keeps a request that cannot be answered at once.
  func wait(
    _ request: HTTPRequest, _ purpose: HTTPPurpose, key: RawSpan, now: Moment
  ) -> Exchange {
    tickets &+= 1
    let exchange = Exchange(
      request, purpose, key: key, hash: worker.hash(key), ticket: tickets, start: now)
    self.exchange = exchange
    return exchange
  }

  // MARK: Responses

  /// Says why a request is not fulfilled.
  func answer(
    _ request: HTTPRequest, _ problem: HTTPProblem, _ outcome: CacheOutcome? = nil, now: Moment
  ) {
    desk.writer.append(problem, for: request, outcome, to: &output.bytes)
    answered(request, now: now)
  }

  /// The same to the request that waits. Without a word on what it counts as, Redis has answered.
  func answerWaiting(
    _ problem: HTTPProblem, _ outcome: CacheOutcome? = nil, as ended: RequestOutcome? = nil,
    linkIsClean: Bool = false, now: Moment
  ) {
    guard let exchange else { return }
    count(exchange, ended, now: now)
    desk.refresh(now: now)
    let isWhole = stage != .body && stage != .stalled
    leaveExchange(linkIsClean: linkIsClean && isWhole, now: now)
    // Where its body ends is not known to anybody before it has come.
    if !isWhole { exchange.request.close() }
    answer(exchange.request, problem, outcome, now: now)
  }

  /// A request that has waited is answered.
  func count(_ exchange: Exchange, _ outcome: RequestOutcome? = nil, now: Moment) {
    access?.isRefused = outcome == .refused
    let usual = exchange.purpose == .read ? RequestOutcome.miss : .passed
    worker.record(.http, outcome ?? usual, since: exchange.start, now: now)
  }

  /// A response is complete.
  func answered(_ request: HTTPRequest, now: Moment) {
    if !request.keepsConnection { return end(now: now) }
    if stage == .head { return }
    if access != nil { writeDown() }
    leaveExchange(linkIsClean: true, now: now)
    stage = .head
    watch(.idle, now: now)
    connection?.resumeReading()
  }

  /// Bytes are no request, so where the next one begins is unknown.
  func refuse(_ error: HTTPError, now: Moment) {
    desk.writer.append(error, isHead: parser.head.method == .head, to: &output.bytes)
    if logsAccess && access == nil {
      access = PendingAccess(client: connection?.peer, method: [], target: nil, received: now)
    }
    end(now: now)
  }

  /// Nothing more is read; what is owed is sent.
  func end(now: Moment) {
    leaveExchange(linkIsClean: false, now: now)
    if access != nil { writeDown() }
    stage = .ended
    watch(.idle, now: now)
    connection?.closeAfterFlushing()
  }

  /// Nothing that is still to come concerns the request that waits. The link that carried a large
  /// value is given back; dirty, it is closed.
  func leaveExchange(linkIsClean: Bool, now: Moment) {
    guard let exchange else { return }
    // First of all: a link that is closed says so at once.
    self.exchange = nil
    if !exchange.contents.isEmpty { connection?.settleInput(holding: 0) }
    if exchange.fetch != 0 { worker.abandonFetch(exchange.fetch, now: now) }
    guard let link = exchange.link else { return }
    link.resumeReading()
    worker.unpin(link, isClean: linkIsClean, now: now)
  }
}

@available(*, unavailable)
extension HTTPSession: Sendable {}
