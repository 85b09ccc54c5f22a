import Foundation
import TestSupport
import Testing

/// The machine has nothing left to give: descriptors, memory, room on a disk.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"), .serialized)
struct ResourceFaultTests {
  private static func limited(_ limit: String) -> [String] {
    ["sh", "-c", "ulimit \(limit); exec \"$0\" \"$@\""]
  }

  @Test func `more clients than descriptors: who is in is served, links included, the rest later`()
    throws
  {
    let site = try FaultSite(["--threads", "2"], launcher: Self.limited("-n 256"))
    let descriptors = try site.quietDescriptors()
    do {
      let first = try (0..<20).map { _ in try site.proxyd.connect() }
      for client in first { #expect(try client.query("PING") == .simple("PONG")) }
      let crowd = try (0..<2_000).map { number in
        try Loopback.connect(port: number % 2 == 0 ? site.proxyd.port : site.proxyd.httpPort)
      }
      defer { for socket in crowd { close(socket) } }
      for (number, client) in first.enumerated() {
        #expect(try client.query("SET", "k\(number)", "v") == .simple("OK"))
        #expect(try client.query("GET", "k\(number)") == .bulk("v"))
      }
      try poll("the others are turned away") {
        try Statistics(of: site.proxyd).number("proxy_clients_rejected") > 1_500
      }
      // The crowd has not taken what links need: those that are lost come back, and clients have their own.
      for direction in [Relay.Direction.toClient, .toTarget] { site.relay.reset(direction) }
      try poll("who is in is served again") {
        try first.allSatisfy {
          try $0.query("SET", "k", "v") == .simple("OK")
            && $0.query("GET", "new\(Int.random(in: 0...Int.max))") == .bulk(nil)
        }
      }
      for client in first { try client.send(["BLPOP", "nothing", "0.2"]) }
      for client in first { #expect(try client.receive() == .array(nil)) }
    }
    try site.recovery(from: "2000 clients for 256 descriptors, gone")
    try site.expectNothingLeft(descriptors)
    #expect(site.proxyd.log.contains(" clients are let in, with "))
  }

  @Test(
    .enabled(if: AllocationCount.works, "a sanitizer needs more"),
    arguments: [24_000, 40_000, 400_000])
  func `with little memory it starts, or says in a line that it cannot`(_ kilobytes: Int) throws {
    let redis = try RedisServer()
    do {
      let proxyd = try Proxyd(redis: redis, launcher: Self.limited("-v \(kilobytes)"))
      try poll("it serves") { try proxyd.connect().query("SET", "k", "v") == .simple("OK") }
      #expect(try proxyd.connect().query("GET", "k") == .bulk("v"))
      #expect(proxyd.end(by: SIGTERM) == 0)
    } catch let error as ToolError {
      let text = error.description
      #expect(text.hasPrefix("it ended: "), "\(text)")
      #expect(text.dropLast().split(separator: "\n").count == 1 && text.count < 300, "\(text)")
    }
  }

  @Test(.enabled(if: AllocationCount.works, "a sanitizer needs more"))
  func `large values with little memory: right answers, or an end that restarts mend`() throws {
    let site = try FaultSite(["--cache-max-bytes", "16mb"], launcher: Self.limited("-v 200000"))
    let value = String(repeating: "x", count: 1_000_000)
    let direct = try site.redis.connect()
    for number in 0..<20 { _ = try direct.query("SET", "large\(number)", value) }
    // More than it may have, all at once, from clients that read late.
    let clients = try (0..<60).map { _ in try site.proxyd.connect() }
    var isCut = false
    for client in clients {
      let batch = (0..<20).flatMap { RESPConnection.encode(["GET", "large\($0)"]) }
      if (try? client.send(bytes: batch)) == nil { isCut = true }
    }
    for client in clients {
      for _ in 0..<20 {
        guard let reply = try? client.receive() else {
          isCut = true
          break
        }
        #expect(reply == .bulk(value))
      }
    }
    try poll("it serves, or has ended") { !site.proxyd.isRunning || (!isCut && site.isWell) }
    if !site.proxyd.isRunning {
      // There is no more memory even for saying so at times; nothing but what was in memory is lost.
      print("fault: 200 MB of memory, 1200 MB asked for: ended with status \(site.proxyd.wait())")
      #expect(isCut)
      #expect(try site.redis.query("GET", "large0") == .bulk(value))
    }
  }

  @Test func `a log that nobody can write stops nothing`() throws {
    let redis = try RedisServer()
    let port = try Loopback.freePort()
    let httpPort = try Loopback.freePort()
    let process = try ChildProcess([
      "sh", "-c", "exec \"$0\" \"$@\" 2>/dev/full >/dev/full", Proxyd.path(),
      "--resp-port", "\(port)", "--http-port", "\(httpPort)", "--admin-port", "0",
      "--access-log", "stderr", "--log-level", "verbose",
      "--redis-url", "redis://127.0.0.1:\(redis.port)",
    ])
    try poll("it serves") {
      guard process.isRunning else { throw ToolError("it ended: \(process.wait())") }
      return (try? RESPConnection(port: port).query("SET", "k", "v")) == .simple("OK")
    }
    let client = try RESPConnection(port: port)
    for _ in 0..<1_000 { #expect(try client.query("GET", "k") == .bulk("v")) }
    process.signal(SIGHUP)
    redis.stop()
    try poll("it knows that Redis is away") { try client.query("SET", "k", "v").isError }
    try redis.restart()
    try poll("it serves again") { try client.query("SET", "k", "v") == .simple("OK") }
    process.signal(SIGTERM)
    #expect(process.wait() == 0)
  }

  @Test(
    .enabled(if: Namespace.isAllowed("-m"), "mount namespaces are for root"))
  func `a disk that is full of its logs stops nothing, and lines come again once there is room`()
    throws
  {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let mount = "mount -t tmpfs -o size=64k none \(directory) && exec \"$0\" \"$@\""
    let proxyd = try Proxyd(
      ["--access-log", directory + "/access.log"],
      launcher: ["unshare", "-m", "sh", "-c", mount])
    func inside(_ script: String) throws -> String {
      try Proxyd.run(
        program: "nsenter", ["-t", "\(proxyd.pid)", "-m", "sh", "-c", script]
      ).output
    }
    let client = try proxyd.connect()
    _ = try client.query("SET", "k", "v")
    let batch = (0..<100).flatMap { _ in RESPConnection.encode(["GET", "k"]) }
    try poll("the disk is full") {
      try client.send(bytes: batch)
      for _ in 0..<100 { #expect(try client.receive() == .bulk("v")) }
      return proxyd.log.contains("cannot be written: No space left on device")
    }
    _ = try inside(": > \(directory)/access.log")
    try poll("lines come again") {
      #expect(try client.query("GET", "again") == .bulk(nil))
      return try inside("cat \(directory)/access.log").contains("key=\"again\"")
    }
    #expect(proxyd.end(by: SIGTERM) == 0)
  }
}

/// Whether processes may have parts of the machine of their own here.
enum Namespace {
  static func isAllowed(_ flags: String...) -> Bool {
    (try? Proxyd.run(program: "unshare", flags + ["true"]).status) == 0
  }
}
