import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// What Redis holds back for one client holds back no other that shares its links, as at Redis.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HeldBackTests {
  /// Everything that Redis answers while writes are paused.
  private static let reads: [[String]] = [
    ["HGET", "h", "f"], ["HGETALL", "h"], ["EXISTS", "h", "nothing"], ["MGET", "s", "nothing"],
    ["GETRANGE", "s", "0", "1"], ["TYPE", "h"], ["PING"], ["ECHO", "x"], ["DBSIZE"], ["TIME"],
    ["GET", "s"], ["GET", "written"], ["CONFIG", "GET", "maxmemory"], ["INFO", "clients"],
  ]

  private func prepare(_ stack: Stack) throws -> RESPConnection {
    let client = try stack.connect()
    _ = try client.query("HSET", "h", "f", "v")
    _ = try client.query("MSET", "s", "value", "written", "before")
    for read in Self.reads {
      try client.send(read)
      _ = try client.receive()
    }
    return client
  }

  @Test(arguments: ["2", "3"])
  func `reads go on while a write waits for the end of a pause`(_ version: String) throws {
    let stack = try Stack(loops: 1)
    let reader = try prepare(stack)
    _ = try reader.query("HELLO", version)
    let writers = try (0..<3).map { _ in try stack.connect() }
    _ = try reader.query("CLIENT", "PAUSE", "100000", "WRITE")
    for (number, writer) in writers.enumerated() {
      _ = try writer.query("HELLO", version)
      try writer.send(["SET", "written", "\(number)"])
    }
    try poll("the writes are under way") {
      stack.underWay.map(\.calls).reduce(0, +) == writers.count
    }
    // Who was there before and asks one thing after the other, and who comes only now.
    for client in [reader, try stack.connect()] {
      for _ in 0..<20 {
        for read in Self.reads {
          try client.send(read)
          let reply = try client.receive()
          if case .error(let error) = reply { Issue.record("\(read): \(error)") }
          if read == ["GET", "written"] { #expect(reply == .bulk("before")) }
        }
      }
      let details = try #require(try client.query("INFO", "clients").text)
      #expect(!details.contains("blocked_clients:0"), "Redis counts who waits for the pause")
    }
    #expect(try reader.query("CLIENT", "UNPAUSE") == .simple("OK"))
    for writer in writers { #expect(try writer.receive() == .simple("OK")) }
    try stack.expectIdle()
  }

  @Test func `a client that pipelines keeps its order while its write is held back`() throws {
    let stack = try Stack(loops: 1)
    let client = try prepare(stack)
    let other = try stack.connect()
    for _ in 0..<5 {
      _ = try other.query("SET", "written", "before")
      _ = try other.query("CLIENT", "PAUSE", "100000", "WRITE")
      let pipeline = [
        ["HGET", "h", "f"], ["SET", "written", "after"], ["GETRANGE", "written", "0", "-1"],
        ["GET", "written"], ["EVAL", "return redis.call('get','written')", "0"], ["DBSIZE"],
        ["HSET", "h", "f", "w"], ["HGET", "h", "f"], ["HSET", "h", "f", "v"],
      ]
      try client.send(bytes: pipeline.flatMap(RESPConnection.encode))
      #expect(try client.receive() == .bulk("v"))
      #expect(try other.query("GETRANGE", "written", "0", "-1") == .bulk("before"))
      _ = try other.query("CLIENT", "UNPAUSE")
      #expect(try client.receive() == .simple("OK"))
      for _ in 0..<3 { #expect(try client.receive() == .bulk("after")) }
      #expect(try client.receive() == .integer(3))
      #expect(try client.receive() == .integer(0))
      #expect(try client.receive() == .bulk("w"))
      #expect(try client.receive() == .integer(0))
    }
    try stack.expectIdle()
  }

  @Test func `writers wait while too much waits to be sent, and no neighbour loses its link`()
    throws
  {
    let stack = try Stack(RedisServer(), loops: 1, settings: { $0.silenceMax = .seconds(600) })
    let neighbour = try stack.connect()
    #expect(try neighbour.query("INCR", "n") == .integer(1))
    let value = String(repeating: "v", count: 60_000)
    let (clients, each) = (40, 128)
    stack.server.pause()
    let port = stack.port
    let (written, ended) = (Shared(0), Shared(0))
    startThreads(clients) { number in
      defer { ended.change { $0 += 1 } }
      guard let client = try? RESPConnection(port: port, timeoutSeconds: 120) else { return }
      for place in 0..<each { try? client.send(["SET", "k\(number)", "\(place)\(value)"]) }
      for _ in 0..<each {
        if (try? client.receive()) != .simple("OK") { return }
        written.change { $0 += 1 }
      }
    }
    try poll("the link is full") {
      stack.loops[0].perform { [proxy = stack.proxy] loop in
        let worker = proxy.worker(on: loop)
        return worker?.isFlooded(.writes, .two, database: 0, isSpare: false) ?? false
      } ?? false
    }
    // What is sent is bounded, and so is what waits here.
    try neighbour.send(["INCR", "n"])
    let unsent = stack.loops[0].perform { [proxy = stack.proxy] loop in
      proxy.worker(on: loop)?.unsentBytes ?? 0
    }
    #expect(try #require(unsent) < Limits.sharedUnsentBytesMax + Limits.sharedRequestBytesMax)
    stack.server.resume()
    #expect(try neighbour.receive() == .integer(2))
    try poll("all have heard") { ended.value == clients }
    #expect(written.value == clients * each, "some have lost their writes")
    for number in [0, clients - 1] {
      #expect(try neighbour.query("STRLEN", "k\(number)") == .integer(3 + value.utf8.count))
    }
    try stack.expectIdle()
  }

  @Test func `others hear BUSY while a script runs for too long, and go on when it was killed`()
    throws
  {
    let server = try RedisServer(arguments: ["--busy-reply-threshold", "100"])
    let stack = try Stack(server, loops: 1)
    let client = try prepare(stack)
    #expect(try client.query("EVAL", "return 1", "0") == .integer(1))
    let runner = try stack.connect()
    for round in 0..<2 {
      try runner.send(["EVAL", "while true do end", "0"])
      try poll("the script is under way") { stack.underWay.map(\.calls).reduce(0, +) == 1 }
      usleep(2 * 20_000)  // Longer than a script that comes next is sent behind it.
      let isBusy = { (words: [String]) in
        try client.send(words)
        return try client.receive().text?.hasPrefix("BUSY ") == true
      }
      // Until the threshold Redis answers nobody.
      for words in [
        ["PING"], ["HGET", "h", "f"], ["GET", "cold \(round)"], ["MGET", "s"], ["INFO"],
        ["SET", "x", "1"], ["EVAL", "return 1", "0"], ["DBSIZE"],
      ] {
        #expect(try isBusy(words), "\(words)")
      }
      #expect(try client.query("SCRIPT", "KILL") == .simple("OK"))
      guard case .error = try runner.receive() else {
        Issue.record("the script was not killed")
        return
      }
      #expect(try client.query("SET", "x", "1") == .simple("OK"))
      #expect(try client.query("EVAL", "return 1", "0") == .integer(1))
      #expect(try client.query("GET", "x") == .bulk("1"))
    }
    try stack.expectIdle()
  }
}
