import Glibc
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ClientKillTests {
  @Test func `who ends itself is answered first, and nothing more`() throws {
    let stack = try Stack()
    for port in [stack.server.port, stack.port] {
      let other = try RESPConnection(port: port)
      for form in ["new", "old"] {
        let client = try RESPConnection(port: port)
        let line = try #require(
          try client.clientLines("ID", "\(try client.clientID())").first)
        let words =
          form == "new" ? ["ID", line["id"], "SKIPME", "no"] : [line["addr"]]
        try client.send(["SET", "a", "1"])
        try client.send(["CLIENT", "KILL"] + words)
        try client.send(["SET", "a", "2"])
        #expect(try client.receive() == .simple("OK"))
        #expect(try client.receive() == (form == "new" ? .integer(1) : .simple("OK")))
        #expect(client.isAtEnd)
        #expect(try other.query("GET", "a").text == "1")
      }
    }
  }

  @Test func `each filter ends those whom it means`() throws {
    let stack = try Stack(loops: 4)
    let admin = try stack.connect()
    let own = "\(try admin.clientID())"
    var clients = try (0..<8).map { _ in try stack.connect() }
    var ids = try clients.map { "\(try $0.clientID())" }
    func last() throws -> (RESPConnection, ClientLine) {
      let id = ids.removeLast()
      return (clients.removeLast(), try #require(try admin.clientLines("ID", id).first))
    }
    func expectLeft() throws {
      let left = try admin.clientLines().map { $0["id"] }
      #expect(left.sorted() == ([own] + ids).sorted())
    }
    var (victim, line) = try last()
    #expect(try admin.query("CLIENT", "KILL", line["addr"]) == .simple("OK"))
    #expect(victim.isAtEnd)
    #expect(try admin.query("CLIENT", "KILL", line["addr"]) == .error("ERR No such client"))
    (victim, line) = try last()
    #expect(try admin.query("CLIENT", "KILL", "ID", line["id"]) == .integer(1))
    #expect(victim.isAtEnd)
    (victim, line) = try last()
    #expect(
      try admin.query("CLIENT", "KILL", "ADDR", line["addr"], "ID", own) == .integer(0))
    #expect(try admin.query("CLIENT", "KILL", "ADDR", line["addr"]) == .integer(1))
    #expect(victim.isAtEnd)
    (victim, line) = try last()
    _ = try victim.query("SUBSCRIBE", "news")
    #expect(try admin.clientLines("TYPE", "pubsub").map { $0["id"] } == [line["id"]])
    #expect(try admin.query("CLIENT", "KILL", "TYPE", "pubsub") == .integer(1))
    #expect(victim.isAtEnd)
    try expectLeft()
    #expect(try admin.query("CLIENT", "KILL", "MAXAGE", "1000000") == .integer(0))
    #expect(
      try admin.query("CLIENT", "KILL", "MAXAGE", "0")
        == .error("ERR maxage should be greater than 0"))
    let laddr = "127.0.0.1:\(stack.port)"
    #expect(try admin.query("CLIENT", "KILL", "LADDR", "127.0.0.1:1") == .integer(0))
    try expectLeft()
    #expect(try admin.query("CLIENT", "KILL", "LADDR", laddr, "USER", "default") == .integer(4))
    ids = []
    try expectLeft()
    for client in clients { #expect(client.isAtEnd) }
    #expect(try admin.query("CLIENT", "KILL", "LADDR", laddr, "SKIPME", "no") == .integer(1))
    #expect(admin.isAtEnd)
  }

  /// How busy clients on threads of their own fare.
  private final class Crowd: Sendable {
    let rounds = Atomic<Int>(0)
    let ended = Atomic<Int>(0)
    let stops = Atomic<Bool>(false)

    /// Keeps all of these busy until they are ended.
    func drive(_ sockets: [Int32]) {
      let request =
        multibulk("SET", "key", "value") + multibulk("GET", "key") + multibulk("GET", "k")
      var live = sockets
      while !live.isEmpty && !stops.load(ordering: .relaxed) {
        live = live.filter { (try? Loopback.send(request, to: $0)) != nil }
        live = live.filter { socket in
          let bytes = try? Loopback.receive(from: socket)
          return bytes?.isEmpty == false
        }
        rounds.wrappingAdd(1, ordering: .relaxed)
        ended.store(sockets.count - live.count, ordering: .relaxed)
      }
    }
  }

  @Test func `a thousand busy clients are listed, and ended by filters`() throws {
    _ = try FileDescriptorLimit.raise(to: 8_192)
    let stack = try Stack(RedisServer(), loops: 4, settings: { $0.clientsMax = 2_000 })
    let admin = try stack.connect()
    let own = try admin.clientID()
    let sockets = try (0..<900).map { _ in try Loopback.connect(port: stack.port) }
    defer { for socket in sockets { close(socket) } }
    let listeners = try (0..<100).map { _ in try stack.connect() }
    for listener in listeners { try listener.send(["SUBSCRIBE", "news"]) }
    for listener in listeners { _ = try listener.receive() }
    let crowd = Crowd()
    let thread = try LoopThread(name: "crowd")
    #expect(thread.remote.post { _ in crowd.drive(sockets) })
    defer {
      crowd.stops.store(true, ordering: .relaxed)
      thread.stop()
      thread.join()
    }
    try eventually { crowd.rounds.load(ordering: .relaxed) >= 1 }
    for _ in 0..<5 {
      let ids = try admin.clientLines().compactMap { Int($0["id"]) }
      #expect(ids.count == 1_001)
      #expect(ids == ids.sorted())
      #expect(Set(ids).count == 1_001)
      #expect(ids.contains(own))
    }
    #expect(try admin.figures()["proxy_clients_resp"] == "1001")
    #expect(try admin.query("CLIENT", "KILL", "TYPE", "pubsub") == .integer(100))
    for client in listeners { #expect(client.isAtEnd) }
    let lines = try admin.clientLines("TYPE", "normal")
    #expect(lines.count == 901)
    // One by one, a pipeline of them.
    let some = lines.filter { $0["id"] != "\(own)" }.prefix(100)
    for line in some { try admin.send(["CLIENT", "KILL", "ADDR", line["addr"]]) }
    let replies = try some.map { _ in try admin.receive() }
    #expect(replies == Array(repeating: .integer(1), count: 100))
    let left = try admin.clientLines()
    #expect(left.count == 801)
    #expect(crowd.rounds.load(ordering: .relaxed) > 0)
    #expect(try admin.query("CLIENT", "KILL", "TYPE", "normal") == .integer(800))
    #expect(try admin.clientLines().map { $0["id"] } == ["\(own)"])
    try eventually { crowd.ended.load(ordering: .relaxed) == 900 }
    #expect(try admin.figures()["proxy_clients_resp"] == "1")
    #expect(try admin.query("PING") == .simple("PONG"))
  }
}
