import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// What Redis says on a client's own link, replies and pushes, reaches the client in Redis's order: a client
/// that keeps values would otherwise keep one that it was told to forget.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct PushOrderTests {
  private static let writes = "return redis.call('set',KEYS[1],ARGV[1])"

  /// Commands whose reply waits for a fence, each writing `k`, which the client tracks.
  static let fenced: [[[String]]] = [
    [["EVAL", writes, "1", "k", "2"]],
    [["EVALSHA", "DIGEST", "1", "k", "2"]],
    [["FCALL", "put", "1", "k", "2"]],
    [["MOVE", "k", "1"]],
    [["COPY", "other", "k", "DB", "1", "REPLACE"]],
    [["MULTI"], ["EVAL", writes, "1", "k", "2"], ["GET", "k"], ["EXEC"]],
    [["EVAL", writes, "1", "k", "2"], ["EVAL", writes, "1", "k", "3"]],
    [["EVAL", writes, "1", "k", "2"], ["CLIENT", "LIST", "ID", "0"], ["CLIENT", "GETNAME"]],
    [["CLIENT", "LIST", "ID", "0"], ["GET", "k"], ["EVAL", writes, "1", "k", "2"]],
    [["EVAL", writes, "1", "k", "2"], ["SUBSCRIBE", "a", "b"], ["PUBLISH", "a", "x"]],
    [
      ["MULTI"], ["EVAL", writes, "1", "k", "2"], ["SUBSCRIBE", "a", "b"], ["PUBLISH", "a", "x"],
      ["GET", "k"], ["EXEC"],
    ],
  ]

  @Test(arguments: fenced.indices)
  func `an invalidation follows the replies that Redis sent before it`(_ number: Int) throws {
    let twin = try Twin()
    let other = try twin.connect()
    try other.say(["SET", "other", "0"])
    try other.say([
      "FUNCTION", "LOAD",
      "#!lua name=l\nredis.register_function('put',function(k,a) return redis.call('set',k[1],a[1]) end)",
    ])
    let reply = try #require(try other.say(["SCRIPT", "LOAD", Self.writes]).first)
    let digest = String(decoding: reply.dropFirst(5).dropLast(2), as: UTF8.self)
    for round in 0..<20 {
      // PUBLISH counts the last round's client until Redis has heard that it has gone.
      for server in [twin.plain, twin.stack.server] {
        try poll("no client is subscribed") {
          try server.query("PUBSUB", "NUMSUB", "a") == .array([.bulk("a"), .integer(0)])
        }
      }
      try other.say(["FLUSHALL"])
      try other.say(["MSET", "k", "1", "other", "0"])
      let client = try twin.connect()
      try client.both("HELLO 3")
      try client.say("CLIENT TRACKING ON")
      var pipeline = [["GET", "k"]] + Self.fenced[number] + [["GET", "k"], ["GET", "other"]]
      pipeline = pipeline.map { $0.map { $0 == "DIGEST" ? digest : $0 } }
      try client.send(pipeline.flatMap { multibulk($0.map { Array($0.utf8) }) })
      try client.expectSameSoFar("round \(round) of \(Self.fenced[number])")
    }
    try twin.stack.expectIdle()
  }

  /// A client that keeps what it reads until it is told to forget, as client-side caching has it.
  private final class Keeper {
    let connection: RESPConnection
    var kept: String?

    init(_ connection: RESPConnection) throws {
      self.connection = connection
      _ = try connection.query("HELLO", "3")
      _ = try connection.query("CLIENT", "TRACKING", "ON")
    }

    func take() throws -> RESPReply {
      while true {
        let reply = try connection.receive()
        guard case .push = reply else { return reply }
        kept = nil
      }
    }

    func round() throws {
      let commands = [["EVAL", "return 1", "0"], ["GET", "k"], ["PING"]]
      try connection.send(bytes: commands.flatMap(RESPConnection.encode))
      _ = try take()
      kept = try take().text
      _ = try take()
    }
  }

  @Test(arguments: [1, 2])
  func `a client that keeps what it has read keeps nothing old`(loops: Int) async throws {
    let stack = try Stack(loops: loops)
    let writer = try stack.server.connect()
    _ = try writer.query("SET", "k", "0")
    let keeper = try Keeper(stack.connect())
    let rounds = 400
    for round in 1...rounds {
      try writer.send(["SET", "k", String(round)])
      try keeper.round()
      _ = try writer.receive()
      // Redis has sent by now what it has to say about the write.
      try keeper.connection.send(["PING"])
      _ = try keeper.take()
      if let kept = keeper.kept { #expect(kept == String(round), "round \(round)") }
    }
  }
}
