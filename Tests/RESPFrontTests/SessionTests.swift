import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SessionTests {
  @Test func `a pipeline of everything is answered in order`() throws {
    let stack = try Stack()
    let client = try stack.connect()
    let requests = [
      ["SET", "a", "1"], ["GET", "a"], ["GET", "b"], ["INCR", "a"], ["GET", "a"], ["MULTI"],
      ["SET", "b", "2"], ["GET", "a"], ["EXEC"], ["GET", "b"], ["SELECT", "3"], ["GET", "a"],
      ["SET", "a", "x"], ["GET", "a"], ["SELECT", "0"], ["GET", "a"],
      ["EVAL", "return redis.call('incr', 'a')", "0"], ["GET", "a"], ["FOO"], ["GET", "a"],
    ]
    let plain = try stack.server.connect()
    for _ in 0..<20 {
      _ = try stack.server.query("FLUSHALL")
      for request in requests { try plain.send(request) }
      let expected = try requests.map { _ in try plain.receive() }
      _ = try client.query("FLUSHALL")
      for request in requests { try client.send(request) }
      let found = try requests.map { _ in try client.receive() }
      for (index, request) in requests.enumerated() {
        #expect(found[index] == expected[index], "\(request)")
      }
    }
  }

  @Test func `hits do not wait for Redis, and keep their place behind what does`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    _ = try client.query("SET", "hot", "value")
    _ = try client.query("GET", "hot")
    stack.server.pause()
    #expect(try client.query("GET", "hot").text == "value")
    try client.send(["INCR", "n"])
    try client.send(["GET", "hot"])
    stack.server.resume()
    #expect(try client.receive() == .integer(1))
    #expect(try client.receive().text == "value")
  }

  @Test(arguments: [["GET", "hot"], ["MGET", "hot"]])
  func `a permit that a read has waited for is not kept by it`(_ read: [String]) throws {
    let stack = try Stack(
      RedisServer(), loops: 1,
      settings: {
        $0.permits = 1
        $0.queueTimeout = .seconds(120)
      }, options: { $0.cachesMultipleGets = true })
    let client = try stack.connect()
    _ = try client.query("SET", "hot", "value")
    for _ in 0..<2 { #expect(try client.query("GET", "hot").text == "value") }
    stack.server.pause()
    // A command that may name any key, so that the read has to follow it.
    try client.send(["DBSIZE"])
    try poll("the permit is taken") { stack.proxy.limiter.counts.permitsInUse == 1 }
    try client.send(read)
    try poll("the read waits for it") { stack.proxy.limiter.counts.waiting == 1 }
    stack.server.resume()
    #expect(try client.receive() == .integer(1))
    let value = RESPReply.bulk("value")
    #expect(try client.receive() == (read[0] == "GET" ? value : .array([value])))
    try poll("the permit is free") { stack.proxy.limiter.counts.permitsInUse == 0 }
    #expect(try client.query("GET", "hot") == value)
  }

  @Test func `messages come to subscribers, in both versions, and the link is given back`() throws {
    let stack = try Stack()
    for version in ["2", "3"] {
      let client = try stack.connect()
      _ = try client.query("HELLO", version)
      _ = try client.query("SUBSCRIBE", "news", "sport")
      _ = try client.receive()
      let other = try stack.connect()
      #expect(try other.query("PUBLISH", "news", "hello") == .integer(1))
      let message: [RESPReply] = [.bulk("message"), .bulk("news"), .bulk("hello")]
      #expect(try client.receive() == (version == "2" ? .array(message) : .push(message)))
      _ = try client.query("UNSUBSCRIBE")
      _ = try client.receive()
      _ = try other.query("SET", "k", version)
      #expect(try client.query("GET", "k").text == version)
    }
  }

  @Test func `a blocked client is woken, and one that leaves frees its link`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    try client.send(["BLPOP", "q", "0"])
    try client.send(["GET", "k"])
    let other = try stack.connect()
    _ = try other.query("SET", "k", "v")
    #expect(try other.query("RPUSH", "q", "x") == .integer(1))
    #expect(try client.receive() == .array([.bulk("q"), .bulk("x")]))
    #expect(try client.receive().text == "v")
    do {
      let leaving = try stack.connect()
      try leaving.send(["BLPOP", "q", "0"])
      while try blockedCount(stack) != 1 {}
    }
    while try blockedCount(stack) != 0 {}
  }

  private func blockedCount(_ stack: Stack) throws -> Int {
    let details = try stack.server.query("INFO", "clients").text ?? ""
    let line = details.split(separator: "\r\n").first { $0.hasPrefix("blocked_clients:") }
    return Int(line?.dropFirst("blocked_clients:".count) ?? "") ?? -1
  }

  @Test(arguments: [70_000, 3_000_000]) func `large values pass both ways`(_ size: Int) throws {
    let stack = try Stack()
    let client = try stack.connect()
    let value = [UInt8](repeating: 120, count: size)
    for _ in 0..<3 {
      try client.send(bytes: multibulk([Array("SET".utf8), [107], value]))
      #expect(try client.receive() == .simple("OK"))
      #expect(try client.query("GET", "k") == .bulk(value))
      #expect(try client.query("GET", "k") == .bulk(value))
    }
    #expect(try client.query("PING") == .simple("PONG"))
  }

  @Test func `a browser's request ends the connection without a word`() throws {
    let stack = try Stack(loops: 1)
    for line in ["POST / HTTP/1.1", "post", "Host: proxy", "host: a b"] {
      let client = try stack.connect()
      try client.send(bytes: Array("\(line)\r\nPING\r\n".utf8))
      #expect(throws: ToolError.self) { try client.receive() }
    }
  }
}
