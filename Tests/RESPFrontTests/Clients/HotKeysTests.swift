import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HotKeysTests {
  private struct Line: Equatable {
    let key: String
    let database: Int
    let rate: Double
    let share: Double
  }

  private func lines(_ reply: RESPReply) throws -> [Line] {
    guard case .array(let elements?) = reply else { throw ToolError("no array: \(reply)") }
    return try elements.map { element in
      guard case .array(let pairs?) = element, pairs.count == 8,
        case .integer(let database) = pairs[3]
      else { throw ToolError("no map of four: \(element)") }
      let names = stride(from: 0, to: 8, by: 2).compactMap { pairs[$0].text }
      #expect(names == ["key", "database", "reads-per-second", "percent-of-reads"])
      func number(_ reply: RESPReply) -> Double {
        Double((reply.text ?? "").drop { $0 == "," }) ?? -1
      }
      return Line(
        key: pairs[1].text ?? "", database: database, rate: number(pairs[5]),
        share: number(pairs[7]))
    }
  }

  @Test(arguments: ["2", "3"], [1, 3]) func `the keys that are read most are told first`(
    _ version: String, _ loops: Int
  ) throws {
    let stack = try Stack(loops: loops)
    let clients = try (0..<4).map { _ in try stack.connect() }
    for client in clients { _ = try client.query("HELLO", version) }
    _ = try clients[3].query("SELECT", "2")
    for round in 0..<60 {
      for client in clients {
        _ = try client.query("GET", "hot")
        if round % 4 == 0 { _ = try client.query("GET", "warm") }
        if round == 0 { _ = try client.query("GET", "cold") }
      }
    }
    let found = try lines(try clients[0].query("PROXY", "HOTKEYS"))
    #expect(found.prefix(3).map { "\($0.key) \($0.database)" } == ["hot 0", "hot 2", "warm 0"])
    #expect(found.count == 6)
    let whole = found.map(\.share).reduce(0, +)
    #expect(abs(whole - 100) < 2, "\(found)")
    #expect(abs(found[0].share - 59) < 3)
    #expect(found.allSatisfy { $0.rate > 0 })
    #expect(try lines(try clients[1].query("proxy", "hotkeys", "1")).count == 1)
    #expect(try lines(try clients[1].query("PROXY", "HOTKEYS", "-1")).count == 6)
    #expect(try lines(try clients[1].query("PROXY", "HOTKEYS", "0")).isEmpty)
    // In its place in a pipeline.
    try clients[2].send(["SET", "a", "1"])
    try clients[2].send(["PROXY", "HOTKEYS", "1"])
    try clients[2].send(["GET", "a"])
    #expect(try clients[2].receive() == .simple("OK"))
    #expect(try lines(try clients[2].receive()).count == 1)
    #expect(try clients[2].receive().text == "1")
    try stack.expectIdle()
  }

  @Test func `the reply has the types of each version`() throws {
    let stack = try Stack(loops: 1)
    for (version, reply) in [
      ("2", "*1␍*8␍$3␍key␍$1␍k␍$8␍database␍:0␍$16␍reads-per-second␍$"),
      ("3", "*1␍%4␍$3␍key␍$1␍k␍$8␍database␍:0␍$16␍reads-per-second␍,"),
    ] {
      let client = try FrameConnection(port: stack.port)
      _ = try client.query("HELLO", version)
      _ = try client.query("GET", "k")
      #expect(shown(try client.query("PROXY", "HOTKEYS")).hasPrefix(reply))
    }
  }

  @Test func `a wrong count is refused as Redis refuses it`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    let plain = try stack.server.connect()
    for count in ["-2", "x", "", "9223372036854775808"] {
      #expect(
        try client.query("PROXY", "HOTKEYS", count) == plain.query("SLOWLOG", "GET", count))
    }
    #expect(
      try client.query("PROXY", "HOTKEYS", "1", "2")
        == .error("ERR wrong number of arguments for 'proxy|hotkeys' command"))
  }
}
