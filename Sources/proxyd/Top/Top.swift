internal import Glibc
internal import ProxyCore

/// `proxyd top`: what the live page shows, in a terminal, every second.
struct Top {
  private let address: SocketAddress
  private let loop: EventLoop
  private let terminal = Terminal()

  init(_ options: TopOptions, _ configuration: Configuration) throws(StatisticsRequest
    .StatisticsFailure)
  {
    guard let place = Self.place(options.address, configuration) else {
      throw .init(description: "\(quoted(options.address ?? "")) is no HOST:PORT")
    }
    if place.port == 0 {
      throw .init(
        description: "ADMIN_PORT is 0, so there is no admin listener to ask: proxyd top HOST:PORT")
    }
    address = try Self.address(of: place.host, port: place.port)
    do throws(SystemError) {
      loop = try EventLoop()
    } catch {
      throw .init(description: "\(error)")
    }
  }

  private static func address(
    of host: String, port: UInt16
  ) throws(StatisticsRequest.StatisticsFailure) -> SocketAddress {
    if let address = SocketAddress(numeric: host, port: port) { return address }
    do throws(ResolutionError) {
      if let address = try SocketAddress.resolve(host, port: port).first { return address }
    } catch {
      throw .init(description: error.description)
    }
    throw .init(description: "\(host) has no address")
  }

  /// Where to ask: what was written, with what the settings say for what is missing.
  static func place(
    _ text: String?, _ configuration: Configuration
  ) -> (host: String, port: UInt16)? {
    var text = text ?? ""
    let scheme = "http://"
    if text.hasPrefix(scheme) {
      text.removeFirst(scheme.count)
      if text.hasSuffix("/") { text.removeLast() }
      if text.isEmpty { return nil }
    }
    if text.isEmpty {
      let host = configuration.adminHost
      let isAny = host == "0.0.0.0" || host == "::"
      return (isAny ? "127.0.0.1" : host, configuration.adminPort)
    }
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      if rest.isEmpty { return (host, configuration.adminPort) }
      guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()) else { return nil }
      return (host, port)
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count > 2 { return (text, configuration.adminPort) }
    guard let host = parts.first, !host.isEmpty else { return nil }
    if parts.count == 1 { return (String(host), configuration.adminPort) }
    return UInt16(parts[1]).map { (String(host), $0) }
  }

  /// Shows frames until the user ends it: the signal that ended it, if one did.
  func run(once: Bool) throws(StatisticsRequest.StatisticsFailure) -> Int32? {
    Signals.prepare()
    var former = try ask()
    if !once { terminal.take() }
    defer { if !once { terminal.restore() } }
    while true {
      for _ in 0..<10 {
        if let number = Signals.next(within: .zero) { return number }
        if terminal.wantsToEnd() && !once { return nil }
      }
      do throws(StatisticsRequest.StatisticsFailure) {
        let latest = try ask()
        let isShown = terminal.show(lines(latest, after: former))
        former = latest
        if once || !isShown { return nil }
      } catch {
        if once { throw error }
        let line = TopText.cut("proxyd: \(error)", to: terminal.size.columns)
        if !terminal.show([line, "trying again"]) { return nil }
      }
    }
  }

  private typealias Answer = (moment: Moment, statistics: JSONValue)

  private func ask() throws(StatisticsRequest.StatisticsFailure) -> Answer {
    let statistics = try StatisticsRequest.statistics(of: address, on: loop)
    return (Moment.now, statistics)
  }

  private func lines(_ latest: Answer, after former: Answer) -> [String] {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    // Another process counts from zero.
    let start = "start_seconds"
    let isSame = latest.statistics["process"][start] == former.statistics["process"][start]
    let size = terminal.size
    return TopFrame.lines(
      latest.statistics, after: isSame ? former.statistics : latest.statistics,
      seconds: Double(latest.moment.nanosecondsSince(former.moment)) / 1e9, columns: size.columns,
      rows: size.rows, present: Double(time.tv_sec))
  }
}
