internal import HTTP
internal import ProxyCore
internal import Synchronization

/// What all who ask have in common: who is let in, and the asking of the loops.
///
/// One question to the loops is under way at a time, and answers all who had asked before it left; those
/// who ask meanwhile share the next one. A loop that owes an answer is not asked again.
final class AdminDesk {
  private let proxy: Proxy
  private let state: AdminState
  private let options: AdminOptions
  private let loop: EventLoop
  private let hosts: HostRule
  private let refusals = Refusals()
  private var writer: HTTPResponseWriter
  private var connections = 0

  /// By which what the loops tell comes to this one.
  private var mailbox: Mailbox<@Sendable () -> Void>?
  /// The last question to the loops, and who is told when it is answered.
  private var question: Gather<WorkerReport?>?
  private var asking: [AdminSession] = []
  /// Those who share the next one.
  private var waiting: [AdminSession] = []
  /// Loops are asked for the keys that are read most only so often.
  private var hotKeys = HotKeyTally()
  private var hotKeysMoment: Moment?

  init(_ proxy: Proxy, _ state: AdminState, _ options: AdminOptions, on loop: EventLoop) {
    self.proxy = proxy
    self.state = state
    self.options = options
    self.loop = loop
    hosts = .local(options.hostNames)
    writer = HTTPResponseWriter(HTTPSettings(), now: loop.now)
    // No loop has more than one answer on its way.
    mailbox = loop.makeMailbox(capacity: proxy.workerCount) { work, _ in work() }
  }

  // MARK: Who is let in

  func admit(_ connection: Connection) -> (any ConnectionHandler)? {
    if connections >= options.connectionsMax {
      return refusals.refuse(connection, atMost: proxy.refusalsMax) { output in
        withWriter { $0.append(.clientsTooMany, to: &output) }
      }
    }
    connections += 1
    connection.outputBytesMax = Limits.adminOutputBytesMax
    return AdminSession(self, connection)
  }

  func left() { connections -= 1 }

  /// A page of a stranger's in a browser on this machine must not reach what is meant for this machine by
  /// a name that leads here. Who comes from elsewhere was let in on purpose, under whatever name.
  func allows(host: RawSpan, from peer: SocketAddress?) -> Bool {
    peer?.isLoopback == false || hosts.allows(host)
  }

  func withWriter(_ body: (borrowing HTTPResponseWriter) -> Void) {
    writer.refresh(now: loop.now)
    body(writer)
  }

  // MARK: Asking

  func inquire(for session: AdminSession) {
    if question?.missing.isEmpty ?? true {
      ask(for: [session])
    } else if asking.isEmpty {
      // A loop has kept those waiting for too long who asked before.
      session.told(nil)
    } else {
      waiting.append(session)
    }
  }

  private func ask(for sessions: [AdminSession]) {
    guard let mailbox else { return }
    asking = sessions
    let isOld = hotKeysMoment.map { loop.now.since($0) >= Limits.adminHotKeysAge } ?? true
    question = Gather(
      from: proxy.workerCount, within: (loop, options.patience),
      post: { work in _ = mailbox.send(work) },
      ask: { [proxy] number, reply in
        proxy.askForReport(of: number, withHotKeys: isOld, reply)
      },
      end: { [unowned self] parts in tell(parts.compactMap { $0 ?? nil }) })
  }

  /// Tells those who have asked, and goes on with the next ones; where a loop is late, they have waited long enough.
  private func tell(_ reports: [WorkerReport]) {
    let isWhole = reports.count == proxy.workerCount
    let report = isWhole ? makeReport(reports, now: loop.now) : nil
    let told = isWhole ? asking : asking + waiting
    let next = isWhole ? waiting : []
    asking = []
    waiting = []
    for session in told { session.told(report) }
    if !next.isEmpty { ask(for: next) }
  }

  private func makeReport(_ reports: [WorkerReport], now: Moment) -> AdminReport {
    let tallies = reports.compactMap(\.hotKeys)
    if !tallies.isEmpty {
      hotKeys = .sum(of: tallies, atMost: Limits.adminHotKeysMax)
      hotKeysMoment = now
    }
    let news = AdminReport.ProgramNews(
      version: options.version, unreadiness: unreadiness, isDraining: isDraining)
    return AdminReport(of: proxy, reports, hotKeys, news)
  }

  // MARK: Answering

  private var isDraining: Bool { state.isDraining.load(ordering: .relaxed) }

  /// Why proxyd is not ready; nil if it is.
  private var unreadiness: String? {
    isDraining ? "proxyd is about to end" : proxy.unreadiness
  }

  struct Response {
    var status = HTTPStatus.ok
    /// Header lines that go with it.
    var lines: [UInt8]
  }

  /// The response to a request for `route`; without a report, that a loop does not tell of itself.
  func response(
    to route: AdminRoute, _ report: AdminReport?, document: inout ByteBuffer
  ) -> Response {
    if route.needsReports && report == nil {
      let late = (question?.missing ?? []).sorted().map(String.init).joined(separator: ", ")
      document.append(text: late.isEmpty ? "proxyd has ended\n" : "no answer from loop \(late)\n")
      return Response(status: .serviceUnavailable, lines: Self.plainLines)
    }
    switch (route, report) {
    case (.metrics, let report?):
      document.append(text: MetricsText.make(report))
      return Response(lines: Self.metricsLines)
    case (.statistics, let report?):
      StatisticsText.write(report, to: &document)
      return Response(lines: Self.jsonLines)
    case (.readiness, _):
      document.append(text: (unreadiness ?? "ready") + "\n")
      return Response(
        status: unreadiness == nil ? .ok : .serviceUnavailable, lines: Self.plainLines)
    case (.page, _):
      return Response(lines: AdminPage.write(to: &document))
    default:
      document.append("alive\n")
      return Response(lines: Self.plainLines)
    }
  }

  private static let metricsLines = lines(of: "text/plain; version=0.0.4; charset=utf-8")
  private static let plainLines = lines(of: "text/plain; charset=utf-8")
  private static let jsonLines = lines(of: "application/json")

  private static func lines(of type: String) -> [UInt8] {
    Array(
      """
      Content-Type: \(type)\r
      Cache-Control: no-store\r
      X-Content-Type-Options: nosniff\r\n
      """.utf8)
  }
}

extension ByteBuffer {
  mutating func append(text: String) { append(Array(text.utf8)) }
}

@available(*, unavailable)
extension AdminDesk: Sendable {}
