import Foundation
import TestSupport
import Testing

/// A proxyd with both fronts, its way to Redis through a relay, and what can be known of it from outside.
struct FaultSite: Sendable {
  let redis: RedisServer
  let relay: Relay
  let proxyd: Proxyd

  /// Starts it, and waits until it serves. Whatever this Redis has answered survives its restart.
  init(_ flags: [String] = [], launcher: [String] = [], isRelayed: Bool = true) throws {
    redis = try RedisServer(arguments: ["--appendfsync", "no"], persistent: true)
    relay = try Relay(to: redis.port)
    let port = isRelayed ? relay.port : redis.port
    proxyd = try Proxyd(
      ["--redis-url", "redis://127.0.0.1:\(port)", "--http-writes", "on"] + flags, redis: redis,
      launcher: launcher)
    try poll("it serves") { isWell }
  }

  /// Whether both fronts read and write, wherever in the proxy a key is at home.
  var isWell: Bool {
    let keys = (0..<8).map { _ in "well\(UInt64.random(in: 0...UInt64.max))" }
    do {
      for _ in 0..<2 {
        let client = try RESPConnection(port: proxyd.port, timeoutSeconds: 5)
        for key in keys {
          guard try client.query("SET", key, "1", "EX", "60") == .simple("OK"),
            try client.query("GET", key) == .bulk("1")
          else { return false }
        }
      }
      let client = try HTTPConnection(port: proxyd.httpPort, timeoutSeconds: 5)
      return try keys.allSatisfy { try client.get("/\($0)").status == 200 }
    } catch { return false }
  }

  /// How long it takes from now until both fronts serve.
  @discardableResult
  func recovery(from fault: String) throws -> Duration {
    let start = ContinuousClock.now
    try poll("both fronts serve after this: \(fault)") { isWell }
    let time = ContinuousClock.now - start
    print("fault: \(fault): both fronts serve after \(time.inMilliseconds) ms")
    return time
  }

  // MARK: What must not leak

  /// Descriptors that belong neither to a client nor to a link, once nobody is connected any more.
  func quietDescriptors() throws -> Int {
    try expectQuiet()
    var before = -1
    try poll("descriptors do not change") {
      let now = try descriptors()
      defer { before = now }
      usleep(20_000)
      return now == before
    }
    return before
  }

  /// Waits until nothing is under way and nobody is connected.
  func expectQuiet() throws {
    var disquiet: [String] = []
    do {
      try poll("nothing is under way") {
        disquiet = try Statistics(of: proxyd).disquiet
        return disquiet.isEmpty
      }
    } catch { throw ToolError("\(error): \(disquiet)") }
  }

  /// Fails unless everything comes to rest as it was, and what was `hot` is kept in memory again.
  func expectNothingLeft(_ descriptorsBefore: Int, hot keys: [String] = []) throws {
    try expectQuiet()
    var now = 0
    do {
      try poll("as many descriptors as before") {
        now = try descriptors()
        return now == descriptorsBefore
      }
    } catch { throw ToolError("\(error): \(now) instead of \(descriptorsBefore)") }
    let client = try proxyd.connect()
    for key in keys {
      // An intent that was left would keep it from being answered from memory for good.
      try poll("\(key) is answered from memory") {
        let before = try Statistics(of: proxyd)
        _ = try client.query("GET", key)
        return try Statistics(of: proxyd).number("proxy_cache_hits")
          > before.number("proxy_cache_hits")
      }
    }
    try demand("it still runs", proxyd.isRunning)
  }

  private func descriptors() throws -> Int {
    let clients = try redis.query("CLIENT", "LIST").text ?? ""
    let links = clients.split(separator: "\n").count { $0.contains(" name=proxyd-") }
    return try FileManager.default.contentsOfDirectory(atPath: "/proc/\(proxyd.pid)/fd").count
      - links
  }

  /// All links, as Redis knows them: by their numbers, which begin anew with a new server, and their ports.
  func links() throws -> Set<String> {
    let clients = try redis.query("CLIENT", "LIST").text ?? ""
    return Set(
      clients.split(separator: "\n").filter { $0.contains(" name=proxyd-") }
        .map { $0.split(separator: " ").prefix(2).joined(separator: " ") })
  }

  /// Its memory; 0 where a sanitizer keeps far more than that.
  var residentBytes: Int {
    guard AllocationCount.works else { return 0 }
    let pages = Proxyd.text(of: "/proc/\(proxyd.pid)/statm").split(separator: " ")
    return pages.count > 1 ? (Int(pages[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
  }
}

/// Throws unless it is so: for threads that a test starts, on which nobody knows which test an issue is of.
func demand(_ what: String, _ isSo: @autoclosure () throws -> Bool) throws {
  if try !isSo() { throw ToolError("not so: \(what)") }
}

extension Duration {
  var inMilliseconds: Int { Int(self / .milliseconds(1)) }
}

/// What `/stats` says.
struct Statistics {
  let root: [String: Any]

  init(of proxyd: Proxyd) throws {
    let body = try HTTPConnection(port: proxyd.adminPort).get("/stats").body
    root = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] ?? [:]
    if root.isEmpty { throw ToolError("no statistics") }
  }

  func object(_ name: String) -> [String: Any] { root[name] as? [String: Any] ?? [:] }

  /// What `INFO proxy` has under this name; -1 where it has nothing.
  func number(_ name: String) -> Int { object("info")[name] as? Int ?? -1 }

  /// Whatever is not as it should be while nobody is connected.
  var disquiet: [String] {
    let figures = [
      "proxy_clients_http", "proxy_clients_resp", "proxy_clients_output_bytes",
      "proxy_clients_input_bytes",
      "proxy_permits_in_use", "proxy_waiters", "proxy_redis_links_pinned",
    ].map { ($0, number($0)) }
    let underWay = object("under_way").map { ($0.key, $0.value as? Int ?? -1) }
    return (figures + underWay).filter { $0.1 != 0 }.map { "\($0.0) is \($0.1)" }
  }
}
