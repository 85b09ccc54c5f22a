import Glibc
import Testing

@testable import TestSupport

@Suite(.enabled(if: RedisServer.isInstalled)) struct RedisServerTests {
  func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  @Test func `it answers, and is gone with its directory afterwards`() throws {
    var pid: pid_t = 0
    var directory = ""
    do {
      let redis = try RedisServer()
      pid = redis.pid
      directory = redis.directory
      #expect(try redis.query("SET", "a", "1") == .simple("OK"))
      #expect(try redis.query("GET", "a") == .bulk("1"))
      #expect(try redis.query("GET", "b") == .bulk(nil))
      #expect(try redis.query("MGET", "a", "b") == .array([.bulk("1"), .bulk(nil)]))
      #expect(try redis.query("INCR", "a") == .integer(2))
      #expect(try redis.query("NO").text?.hasPrefix("ERR unknown command") == true)
      #expect(exists(directory))
    }
    #expect(kill(pid, 0) != 0)
    #expect(!exists(directory))
  }

  @Test func `a restart keeps the port and forgets, unless it was to persist`() throws {
    let forgetful = try RedisServer()
    try forgetful.query("SET", "a", "1")
    let before = forgetful.pid
    try forgetful.restart()
    #expect(forgetful.pid != before)
    #expect(try forgetful.query("GET", "a") == .bulk(nil))

    let persistent = try RedisServer(arguments: ["--appendfsync", "always"], persistent: true)
    try persistent.query("SET", "a", "1")
    try persistent.restart()
    #expect(try persistent.query("GET", "a") == .bulk("1"))
  }

  @Test func `a paused server answers once it is resumed`() throws {
    let redis = try RedisServer()
    let connection = try redis.connect()
    redis.pause()
    try connection.send(["PING"])
    redis.resume()
    #expect(try connection.receive() == .simple("PONG"))
    redis.stop()
    #expect(throws: ToolError.self) { try connection.query("PING") }
    #expect(throws: ToolError.self) { try redis.query("PING") }
  }

  @Test func `RESP3 replies and pushes are told apart`() throws {
    let redis = try RedisServer()
    let connection = try redis.connect()
    guard case .array(let pairs?) = try connection.query("HELLO", "3") else {
      Issue.record("HELLO 3 did not answer with a map")
      return
    }
    #expect(pairs.contains(.bulk("proto")))
    #expect(try connection.query("CLIENT", "TRACKING", "ON") == .simple("OK"))
    #expect(try connection.query("GET", "a") == .other("_"))
    try redis.query("SET", "a", "1")
    #expect(try connection.receive() == .push([.bulk("invalidate"), .array([.bulk("a")])]))
  }
}
