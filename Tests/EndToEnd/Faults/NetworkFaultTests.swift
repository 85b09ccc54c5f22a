import Foundation
import ProxyCore
import TestSupport
import Testing

/// A network that loses everything and says nothing: neither FIN nor RST, and no acknowledgement either.
@Suite(
  .enabled(if: RedisServer.isInstalled, "redis-server is not installed"),
  .enabled(
    if: PrivateNetwork.works,
    "iptables is not installed, or network namespaces are for root: only a relay loses bytes"))
struct NetworkFaultTests {
  @Test func `packets vanish without a word: what waits is told so, and the way back is found`()
    async throws
  {
    try await Self.withPrivateNetwork { try Self.loseEverything() }
  }

  @Test func `a client whose machine is gone is closed when its time is over`() async throws {
    try await Self.withPrivateNetwork { try Self.loseClient() }
  }

  /// At once, and not when a thread that tasks share comes free: it takes as long as the kernel's limits.
  private static func withPrivateNetwork(_ body: @escaping @Sendable () throws -> Void) async throws
  {
    let failure = Shared<(any Error)?>(nil)
    await withCheckedContinuation { continuation in
      Thread {
        do {
          try PrivateNetwork.enter()
          try body()
        } catch { failure.change { $0 = error } }
        continuation.resume()
      }.start()
    }
    if let error = failure.value { throw error }
  }

  /// Says a lot to whoever says anything.
  private final class Talker: ConnectionHandler {
    var connection: Connection?
    var reason: CloseReason?

    func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
      self.connection = connection
      for _ in 0..<1_000_000 { connection.output.bytes.append("0123456789") }
      return .taken(bytes.byteCount)
    }

    func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {
      self.connection = nil
      self.reason = reason
    }
  }

  /// The time of proxyd's clients is minutes, so that one who lives may rest; here it is a second.
  private static func loseClient() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    var options = SocketOptions.forClients
    options.userTimeoutMilliseconds = 1_000
    let talker = Talker()
    let listener = try loop.listen(on: .loopback(), options: options) { descriptor, peer in
      _ = try? loop.adopt(descriptor, peer: peer) { _ in talker }
    }
    let gone = try Loopback.connect(port: listener.address?.port ?? 0)
    defer { close(gone) }
    try Loopback.send([1], to: gone)
    while talker.connection?.isOutputBlocked != true { loop.turn() }
    try PrivateNetwork.lose(port: Loopback.localPort(of: gone))
    while talker.reason == nil { loop.turn() }
    guard case .failed(let error) = talker.reason, error.code == ETIMEDOUT else {
      throw ToolError("it was closed for another reason: \(String(describing: talker.reason))")
    }
  }

  private static func loseEverything() throws {
    let site = try FaultSite(["--redis-timeout", "1"], isRelayed: false)
    let descriptors = try site.quietDescriptors()
    let client = try RESPConnection(port: site.proxyd.port, timeoutSeconds: 120)
    let http = try HTTPConnection(port: site.proxyd.httpPort)
    let value = String(repeating: "x", count: 1_000_000)
    try demand("it writes", client.query("SET", "large", value) == .simple("OK"))
    try demand("it writes", client.query("SET", "k", "v") == .simple("OK"))
    try poll("it is in memory") {
      try http.get("/k").head.contains("Cache-Status: proxyd; hit")
    }
    // One whose machine is gone, with answers on their way to it: for minutes nobody can know.
    let gone = try Loopback.connect(port: site.proxyd.port)
    let requests = Array(repeating: Array("GET large\r\n".utf8), count: 30).flatMap(\.self)
    try Loopback.send(requests, to: gone)
    try poll("its answers wait") {
      try Statistics(of: site.proxyd).number("proxy_clients_output_bytes") > 0
    }
    try PrivateNetwork.lose(port: Loopback.localPort(of: gone))
    try PrivateNetwork.lose(port: site.redis.port)
    let start = ContinuousClock.now
    try client.send(["SET", "k", "w"])
    try poll("the write is under way") {
      try Statistics(of: site.proxyd).number("proxy_permits_in_use") > 0
    }
    // HTTP has a time, memory answers what it may, and the write's key it may not.
    try demand("HTTP has a time", http.get("/cold").status == 504)
    try demand("no old value while it is written", [503, 504].contains(http.get("/k").status))
    try demand("memory answers", http.get("/large").body == value)
    guard case .error(let text) = try client.receive() else {
      throw ToolError("a write that cannot have arrived was answered")
    }
    try demand("it is told what is not known: \(text)", text.contains("may have been executed"))
    report("a write is told that its link is lost", since: start)
    try demand(
      "what waits for it is kept",
      Statistics(of: site.proxyd).number("proxy_clients_output_bytes") > 0)
    try PrivateNetwork.find()
    close(gone)
    try poll("the client that was gone is closed") {
      try Statistics(of: site.proxyd).number("proxy_clients_resp") == 1
    }
    try site.recovery(from: "silent loss until links are given up, healed")
    try demand("old or new", ["v", "w"].contains(client.query("GET", "k").text))
    withExtendedLifetime((client, http)) {}
    _ = consume client
    _ = consume http
    // Redis has not heard that those links are gone.
    try site.redis.query("CLIENT", "KILL", "TYPE", "normal")
    try site.expectNothingLeft(descriptors, hot: ["k"])
  }

  private static func report(_ what: String, since start: ContinuousClock.Instant) {
    print("fault: silent loss: \(what) after \((ContinuousClock.now - start).inMilliseconds) ms")
  }
}

/// A network of the calling thread's own, and of what it starts.
enum PrivateNetwork {
  static let works =
    (try? Proxyd.run(program: "unshare", ["-n", "iptables", "-L"]).status) == 0

  /// Leaves the machine's network for a new one, for good. Only for threads that end soon.
  static func enter() throws {
    typealias Unshare = @convention(c) (Int32) -> Int32
    guard let symbol = unsafe dlsym(nil, "unshare") else { throw ToolError("no unshare") }
    let unshare = unsafe unsafeBitCast(symbol, to: Unshare.self)
    let newNetwork: Int32 = 0x4000_0000
    guard unshare(newNetwork) == 0 else { throw ToolError("unshare: \(errno)") }
    try run("ip", "link", "set", "lo", "up")
  }

  /// From now on no packet arrives that comes from this port or goes there.
  static func lose(port: UInt16) throws {
    for side in ["--sport", "--dport"] {
      try run("iptables", "-w", "-A", "INPUT", "-p", "tcp", side, "\(port)", "-j", "DROP")
    }
  }

  /// All arrive again.
  static func find() throws { try run("iptables", "-w", "-F", "INPUT") }

  private static func run(_ words: String...) throws {
    let (status, output) = try Proxyd.run(program: words[0], Array(words.dropFirst()))
    guard status == 0 else { throw ToolError("\(words): \(output)") }
  }
}
