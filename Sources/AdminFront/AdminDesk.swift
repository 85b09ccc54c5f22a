internal import HTTP
internal import ProxyCore
internal import Synchronization

/// What all who ask have in common: who is let in, and the asking of the loops.
///
/// One question to the loops is under way at a time, and answers all who had asked before it left; those
/// who ask meanwhile share the next one. A loop that owes an answer is not asked again.
final class AdminDesk {
  private struct WorkerPart: Sendable {
    let worker: Int
    let report: WorkerReport?
  }

  private let proxy: Proxy
  private let state: AdminState
  private let options: AdminOptions
  private let loop: EventLoop
  private let hosts: HostRule
  private let refusals = Refusals()
  private var writer: HTTPResponseWriter
  private var connections = 0

  private var mailbox: Mailbox<WorkerPart>?
  /// Who is told when all loops have answered, and who shares the next question.
  private var asking: [AdminSession] = []
  private var waiting: [AdminSession] = []
  private var missing: Set<Int> = []
  private var reports: [WorkerReport] = []
  private var isIncomplete = false
  private var timer: TimerHandle?
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
    mailbox = loop.makeMailbox(capacity: proxy.workerCount) { [unowned self] part, now in
      take(part, now: now)
    }
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
    if missing.isEmpty {
      ask(for: [session])
    } else if isOverdue {
      session.told(nil)
    } else {
      waiting.append(session)
    }
  }

  /// Whether a loop has kept those waiting who asked, who were told so.
  private var isOverdue: Bool { timer == nil }

  private func ask(for sessions: [AdminSession]) {
    asking = sessions
    reports = []
    isIncomplete = false
    missing = Set(0..<proxy.workerCount)
    let isOld = hotKeysMoment.map { loop.now.since($0) >= Limits.adminHotKeysAge } ?? true
    timer = loop.schedule(at: loop.now.advanced(by: options.patience), self, token: 0)
    guard let mailbox else { return }
    proxy.survey(withHotKeys: isOld) { worker, report in
      _ = mailbox.send(WorkerPart(worker: worker, report: report))
    }
  }

  private func take(_ part: WorkerPart, now: Moment) {
    missing.remove(part.worker)
    if let report = part.report { reports.append(report) } else { isIncomplete = true }
    guard missing.isEmpty else { return }
    if let timer { loop.cancel(timer) }
    timer = nil
    let report = isIncomplete ? nil : makeReport(now: now)
    let told = asking
    asking = []
    for session in told { session.told(report) }
    if !waiting.isEmpty && missing.isEmpty {
      let next = waiting
      waiting = []
      ask(for: next)
    }
  }

  private func makeReport(now: Moment) -> AdminReport {
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

  /// Why nobody should be sent here; nil where nothing is in the way.
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
      let late = missing.sorted().map(String.init).joined(separator: ", ")
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

extension AdminDesk: TimerTarget {
  /// Those who have asked have waited long enough, and so have those who would ask next.
  func timerFired(_ token: Int, now: Moment) {
    timer = nil
    let told = asking + waiting
    asking = []
    waiting = []
    for session in told { session.told(nil) }
  }
}

extension ByteBuffer {
  mutating func append(text: String) { append(Array(text.utf8)) }
}

@available(*, unavailable)
extension AdminDesk: Sendable {}
