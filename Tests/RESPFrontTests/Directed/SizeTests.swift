import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Much at once: deep pipelines, large arguments, slow readers.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SizeTests {
  @Test(arguments: ["GET k\r\n", "INCR n\r\n", "GET k\r\nINCR n\r\n", "EVAL return(1) 0\r\n"])
  func `a hundred thousand requests may be sent before a reply is read`(_ text: String) throws {
    let twin = try Twin()
    let client = try twin.connect()
    let count = text.hasPrefix("EVAL") ? 20_000 : 100_000
    let bytes = Array(String(repeating: text, count: count).utf8)
    try client.proxied.send(bytes)
    try client.plain.send(bytes)
    client.plain.finish()
    client.proxied.finish()
    let expected = try client.plain.rest()
    #expect(try client.proxied.rest() == expected)
  }

  @Test(arguments: [65_537, 3_000_000]) func `large arguments pass at every place`(
    _ size: Int
  ) throws {
    let twin = try Twin()
    let large = String(repeating: "x", count: size)
    let client = try twin.connect()
    let requests = [
      ["SET", "k", large], ["GET", "k"], ["SET", large, "v"], ["GET", large], ["DEL", large],
      ["MSET", "a", large, "b", "small", "c", large], ["MGET", "a", "b", "c"],
      ["LPUSH", "l", "a", large],
      ["LRANGE", "l", "0", "-1"], ["ECHO", large], ["PING", large], ["APPEND", "k", large],
      ["STRLEN", "k"], [large], ["FOO", large], ["SET", "k", large, "NX"],
      ["SET", "k", large, "FOO"],
      ["EVAL", "return #ARGV[1]", "0", large], ["EVAL", "return 1 --\(large)", "0"],
      ["HSET", "h", large, "v"], ["HGET", "h", large], ["PUBLISH", "a", large],
      ["LPUSH", "k", large],
      ["MULTI"], ["SET", "k", large], ["GET", "k"], ["FOO", large], ["DISCARD"], ["GET", "k"],
      ["MULTI"], ["SET", "k", large], ["GET", "k"], ["EXEC"], ["GET", "k"],
      ["CLIENT", "SETNAME", large],
      ["SELECT", large], ["GET", "k"], ["SUBSCRIBE", large], ["UNSUBSCRIBE", large], ["GET", "k"],
      ["BLPOP", large, "0.001"], ["WATCH", large], ["UNWATCH"], ["AUTH", large], ["GET", "k"],
    ]
    for request in requests {
      try client.send(multibulk(request.map { Array($0.utf8) }))
      let expected = try client.plain.frame()
      let found = try client.proxied.frame()
      let name = request.map { $0.prefix(12) }.joined(separator: " ")
      #expect(
        found == expected,
        "\(name): \(shown(Array(found.prefix(90)))), not \(shown(Array(expected.prefix(90))))")
      if found != expected { return }
    }
  }

  private static let onlyOwnMemory = ConditionTrait.disabled(
    if: Sanitizer.isPresent, "under a sanitizer, the memory of the process is mostly its own")

  @Test(onlyOwnMemory) func `a value of 512 MB passes both ways and is never held`() throws {
    guard Self.availableMegabytes > 2_500 else {
      print("skipped: less than 2.5 GB of memory are free")
      return
    }
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    #expect(try client.query("PING") == .simple("PONG"))
    let before = Self.residentMegabytes
    let socket = try Loopback.connect(port: stack.port)
    defer { close(socket) }
    Loopback.setTimeout(socket, seconds: 120)
    let piece = [UInt8](repeating: 120, count: 1 << 20)
    try Loopback.send(Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n".utf8), to: socket)
    var most = 0
    for _ in 0..<512 {
      try Loopback.send(piece, to: socket)
      most = max(most, Self.residentMegabytes)
    }
    try Loopback.send([13, 10], to: socket)
    #expect(shown(try Loopback.receive(from: socket)) == "+OK␍")
    try Loopback.send(multibulk("GET", "k"), to: socket)
    var left = 536_870_912 + "$536870912\r\n\r\n".utf8.count
    while left > 0 {
      let count = try Loopback.receive(from: socket, limit: 1 << 20).count
      if count == 0 { throw ToolError("the connection was closed, \(left) bytes before the end") }
      left -= count
      most = max(most, Self.residentMegabytes)
    }
    #expect(most - before < 64)
    #expect(try client.query("PING") == .simple("PONG"))
    #expect(try client.query("STRLEN", "k") == .integer(536_870_912))
  }

  @Test(onlyOwnMemory, arguments: [1_000, 200_000, 3_000_000])
  func `one who does not read is closed, and disturbs nobody`(_ size: Int) throws {
    let stack = try Stack(RedisServer(), loops: 1) { _ in
    } options: {
      $0.outputBytesMax = 16 << 20
    }
    let (slow, other) = (try stack.connect(), try stack.connect())
    _ = try other.query("SET", "k", String(repeating: "x", count: size))
    let count = (64 << 20) / size
    let before = Self.residentMegabytes
    // It may be closed while it still sends.
    for _ in 0..<count where (try? slow.send(["GETRANGE", "k", "0", "-1"])) == nil { break }
    try poll("it was closed") {
      let length = try other.query("STRLEN", "k")
      #expect(length == .integer(size))
      return (try? slow.send(["PING"])) == nil
    }
    #expect(Self.residentMegabytes - before < 100)
    #expect(try other.query("GET", "k").text?.utf8.count == size)
  }

  @Test(onlyOwnMemory, arguments: ["CLIENT GETNAME", "GET k", "INCR n, GET k"])
  func `short requests with long answers get no more room than others`(_ text: String) throws {
    let stack = try Stack(RedisServer(), loops: 1) { _ in
    } options: {
      $0.outputBytesMax = 16 << 20
    }
    let (greedy, other) = (try stack.connect(), try stack.connect())
    let large = String(repeating: "x", count: 900_000)
    #expect(try greedy.query("CLIENT", "SETNAME", large) == .simple("OK"))
    _ = try other.query("SET", "k", large)
    _ = try other.query("GET", "k")
    let before = Self.residentMegabytes
    let lines = text.split(separator: ", ").map(String.init)
    let last = try #require(lines.last)
    let requests = lines.dropLast() + Array(repeating: last, count: 2_400)
    try greedy.send(bytes: Array(requests.map { "\($0)\r\n" }.joined().utf8))
    var most = 0
    try poll("it was closed") {
      most = max(most, Self.residentMegabytes)
      return try other.figures()["proxy_clients_output_closed"] == "1"
    }
    #expect(most - before < 150)
    #expect(try other.query("STRLEN", "k") == .integer(900_000))
  }

  @Test(onlyOwnMemory) func `what is asked in a client's place counts with its length`() throws {
    let stack = try Stack(loops: 1)
    let client = try stack.connect()
    let large = String(repeating: "x", count: 900_000)
    #expect(try client.query("CLIENT", "SETNAME", large) == .simple("OK"))
    #expect(try client.query("MULTI") == .simple("OK"))
    stack.server.pause()
    let before = Self.residentMegabytes
    let requests = Array(repeating: "CLIENT GETNAME\r\n", count: 100).joined()
    try client.send(bytes: Array(requests.utf8))
    let other = try stack.connect()
    for _ in 0..<100 { #expect(try other.query("CLIENT", "ID") != .integer(0)) }
    let grown = Self.residentMegabytes - before
    stack.server.resume()
    #expect(grown < 45)
    for _ in 0..<100 { #expect(try client.receive() == .simple("QUEUED")) }
    #expect(try client.query("DISCARD") == .simple("OK"))
  }

  @Test func `a list of clients with long names has a limit`() throws {
    let stack = try Stack(RedisServer(), loops: 2) { _ in
    } options: {
      $0.outputBytesMax = 16 << 20
    }
    let name = String(repeating: "x", count: 1_000_000)
    let clients = try (0..<40).map { _ in try stack.connect() }
    for client in clients { #expect(try client.query("CLIENT", "SETNAME", name) == .simple("OK")) }
    try clients[0].send(["CLIENT", "LIST"])
    #expect(throws: ToolError.self) { try clients[0].receive() }
    #expect(try clients[1].query("CLIENT", "INFO").text?.utf8.count ?? 0 > 1_000_000)
    try eventually { try clients[1].figures()["proxy_clients_output_closed"] == "1" }
  }

  private static func figure(_ name: String, in path: String) -> Int {
    guard let file = unsafe fopen(path, "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, 256, file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix(name) else { continue }
      return (Int(text.filter(\.isNumber)) ?? 0) / 1024
    }
    return 0
  }

  private static var residentMegabytes: Int { figure("VmRSS:", in: "/proc/self/status") }
  private static var availableMegabytes: Int { figure("MemAvailable:", in: "/proc/meminfo") }
}
