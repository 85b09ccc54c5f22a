import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Requests with many keys: more than are told from others', and more than are waited for, which pass as they come.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ManyArgumentsTests {
  /// Just past what is waited for, and far past it.
  static let counts = [Limits.argumentsBufferedMax - 1, 40_000]

  /// With names of 2 to 6 bytes.
  static let fewAndMany = [Limits.journeyKeysMax + 1, 20_000]

  @Test(arguments: counts) func `they are answered as Redis answers them`(_ count: Int) throws {
    let twin = try Twin()
    let client = try twin.connect()
    let names = (0..<count).map { "k\($0)" }
    let pairs = names.prefix(count / 2).flatMap { [$0, "v\($0)"] }
    for version in ["2", "3"] {
      try client.both("HELLO \(version)")
      for words in [
        ["MSET"] + pairs, ["EXISTS"] + names, ["MGET"] + names, ["DEL"] + names,
        ["SADD", "set"] + names, ["SMISMEMBER", "set"] + names, ["SREM", "set"] + names,
        ["EVAL", "return #KEYS", "\(count)"] + names, ["MSET"] + pairs + ["odd", "number", "of"],
        ["UNLINK"] + names, ["NOSUCH"] + names, ["PFCOUNT"] + names, ["GET"] + names,
      ] {
        try client.send(RESPConnection.encode(words))
        try client.expectSame(1, "\(words[0]) and \(count) more")
        try client.say("PING")
      }
    }
  }

  @Test(arguments: fewAndMany)
  func `what they change leaves memory`(_ count: Int) throws {
    let stack = try Stack(loops: 2)
    let (client, other) = (try stack.connect(), try stack.connect())
    let names = (0..<count).map { "k\($0)" }
    let watched = Array(names.suffix(20))
    for isInTransaction in [false, true] {
      for (words, expected) in [
        (["MSET"] + names.flatMap { [$0, "new"] }, "new" as String?), (["DEL"] + names, nil),
      ] {
        for key in watched {
          _ = try client.query("SET", key, "old")
          for reader in [client, other] { #expect(try reader.query("GET", key).text == "old") }
        }
        if isInTransaction { _ = try client.query("MULTI") }
        try client.send(words)
        let reply = try client.receive()
        if isInTransaction {
          #expect(reply == .simple("QUEUED"))
          _ = try client.query("EXEC")
        }
        for key in watched {
          for reader in [client, other] { #expect(try reader.query("GET", key).text == expected) }
        }
      }
    }
    try stack.expectIdle()
  }

  @Test(arguments: fewAndMany)
  func `a pipeline of them and others is answered in order`(_ count: Int) throws {
    let stack = try Stack(loops: 2)
    let client = try stack.connect()
    let names = (0..<count).map { "k\($0)" }
    var pipeline: [UInt8] = []
    for round in 0..<5 {
      pipeline += RESPConnection.encode(["SET", "k3", "\(round)"])
      pipeline += RESPConnection.encode(["EXISTS"] + names)
      pipeline += RESPConnection.encode(["GET", "k3"])
      pipeline += RESPConnection.encode(["DEL"] + names)
      pipeline += RESPConnection.encode(["GET", "k3"])
    }
    try client.send(bytes: pipeline)
    for round in 0..<5 {
      #expect(try client.receive() == .simple("OK"))
      #expect(try client.receive() == .integer(1))
      #expect(try client.receive() == .bulk(Array("\(round)".utf8)))
      #expect(try client.receive() == .integer(1))
      #expect(try client.receive() == .bulk(nil))
    }
    try stack.expectIdle()
  }
}

/// What clients may have sent of requests that are not whole, all together.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SharedInputTests {
  /// The beginning of a request that needs two mebibytes and more.
  static func beginning(_ bytes: Int) -> [UInt8] {
    let argument = String(repeating: "x", count: 60_000)
    var text = Array("*1001\r\n$4\r\nMSET\r\n".utf8)
    let pair = Array("$1\r\nk\r\n$60000\r\n\(argument)\r\n".utf8)
    while text.count < bytes { text += pair }
    return text
  }

  @Test func `past the sum, who has sent most is refused and told why, and others go on`() throws {
    let stack = try Stack(RedisServer(), loops: 2) { $0.inputBytesMax = 24 << 20 }
    let observer = try stack.connect()
    func figure(_ name: String) throws -> Int {
      Int(try observer.figures()["proxy_clients_input_\(name)"] ?? "") ?? -1
    }
    #expect(try figure("bytes") == 0)
    let modest = try (0..<4).map { _ in try stack.connect() }
    for client in modest { try client.send(bytes: Self.beginning(1 << 20)) }
    try poll("it is counted") { try figure("bytes") > 3 << 20 }
    let greedy = try stack.connect()
    // What is asked before is answered first.
    try greedy.send(["SET", "before", "1"])
    try greedy.send(bytes: Self.beginning(30 << 20))
    #expect(try greedy.receive() == .simple("OK"))
    guard case .error(let text) = try greedy.receive() else { throw ToolError("not refused") }
    #expect(text.contains("CLIENT_INPUT_MAX"), "\(text)")
    #expect(throws: ToolError.self) { try greedy.receive() }
    #expect(try figure("closed") == 1)
    try poll("it is counted no more") { try figure("bytes") < 12 << 20 }
    for client in modest {
      // The rest of it, and an end.
      let pairs = (Self.beginning(1 << 20).count - 18) / 60_018
      let rest = String(repeating: "$1\r\nk\r\n$1\r\nv\r\n", count: 500 - pairs)
      try client.send(bytes: Array(rest.utf8))
      #expect(try client.receive() == .simple("OK"))
    }
    try poll("nothing is left") { try figure("bytes") == 0 }
    #expect(try figure("closed") == 1)
    try stack.expectIdle()
  }

  @Test func `who goes away is counted no more`() throws {
    let stack = try Stack(loops: 2)
    let observer = try stack.connect()
    func bytes() throws -> Int {
      Int(try observer.figures()["proxy_clients_input_bytes"] ?? "") ?? -1
    }
    do {
      let client = try stack.connect()
      try client.send(bytes: Self.beginning(4 << 20))
      try poll("it is counted") { try bytes() > 3 << 20 }
    }
    try poll("it is not") { try bytes() == 0 }
  }
}
