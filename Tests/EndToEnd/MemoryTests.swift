import Foundation
import TestSupport
import Testing

/// What clients can make the program hold, measured in a process of its own: with requests and values that are large,
/// that never end, and that are not read.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct MemoryTests {
  @Test func `a million keys in one request take no memory and hold up no other client`() throws {
    let proxyd = try Proxyd(["--threads", "1"])
    let (client, other) = (try proxyd.connect(), try proxyd.connect())
    #expect(try client.query("SET", "k999999", "old") == .simple("OK"))
    #expect(try other.query("GET", "k999999").text == "old")
    let before = try proxyd.peakKilobytes()
    let count = 1_000_000
    var request = Array("*\(count + 1)\r\n$3\r\nDEL\r\n".utf8)
    for number in 0..<count {
      let key = "k\(number)"
      request += Array("$\(key.utf8.count)\r\n\(key)\r\n".utf8)
    }
    try client.send(bytes: request)
    #expect(try client.receive() == .integer(1))
    #expect(try other.query("GET", "k999999") == .bulk(nil))
    // Forty bytes a key would be as much.
    try proxyd.expectPeak(of: before, grownLess: 40_000)
  }

  @Test func `keys of requests that Redis has not answered take forty bytes each`() throws {
    let proxyd = try Proxyd(["--threads", "1"])
    let clients = try (0..<40).map { _ in try proxyd.connect() }
    let names = (0..<16_000).map { "\($0)" }
    let request = RESPConnection.encode(["DEL"] + names)
    // The link for writes is there.
    for client in clients { #expect(try client.query("DEL", "k") == .integer(0)) }
    let before = try proxyd.peakKilobytes()
    proxyd.redis.pause()
    for client in clients { try client.send(bytes: request) }
    let other = try proxyd.connect()
    try poll("all are under way") { proxyd.figure("proxy_permits_in_use", other) == clients.count }
    let peak = try proxyd.peakKilobytes()
    proxyd.redis.resume()
    for client in clients { #expect(try client.receive() == .integer(0)) }
    let bytes = (peak - before) * 1024 / (clients.count * names.count)
    #expect(bytes <= 40 || Sanitizer.isPresent, "a key takes \(bytes) bytes")
  }

  @Test func `replies for a client that has gone are not kept`() throws {
    let proxyd = try Proxyd()
    let other = try proxyd.connect()
    _ = try other.query("SETRANGE", "k", "10000000", "x")
    let before = try proxyd.peakKilobytes()
    do {
      let client = try proxyd.connect()
      proxyd.redis.pause()
      for _ in 0..<60 { try client.send(["GETRANGE", "k", "0", "-1"]) }
      try poll("all are under way") { proxyd.figure("proxy_permits_in_use", other) == 60 }
    }
    proxyd.redis.resume()
    try poll("all have come") { proxyd.figure("proxy_permits_in_use", other) == 0 }
    try proxyd.expectPeak(of: before, grownLess: 200_000)
  }

  @Test func `clients that do not finish what they send do not take the memory`() throws {
    let proxyd = try Proxyd(["--client-input-max", "64mb"])
    let other = try proxyd.connect()
    #expect(try other.query("SET", "k", "v") == .simple("OK"))
    let before = try proxyd.peakKilobytes()
    let pair = "$1\r\nk\r\n$1000000\r\n\(String(repeating: "x", count: 1_000_000))\r\n"
    var clients: [RESPConnection] = []
    for _ in 0..<20 {
      let client = try proxyd.connect()
      try? client.send(bytes: Array("*1001\r\n$4\r\nMSET\r\n".utf8))
      // Thirty megabytes are waited for as a whole.
      for _ in 0..<30 { try? client.send(bytes: Array(pair.utf8)) }
      clients.append(client)
    }
    #expect(try other.query("GET", "k").text == "v")
    try poll("all but a few were closed") {
      proxyd.figure("proxy_clients_input_closed") ?? 0 >= 17
    }
    #expect(proxyd.log.contains("CLIENT_INPUT_MAX"))
    try proxyd.expectPeak(of: before, grownLess: 200_000)
    clients = []
    try poll("nothing is left") { proxyd.figure("proxy_clients_input_bytes") == 0 }
  }

  @Test func `a value of 512 MB passes both ways and is never held`() throws {
    guard try Self.availableKilobytes() > 2_500_000 else {
      print("skipped: less than 2.5 GB of memory are free")
      return
    }
    let proxyd = try Proxyd(["--threads", "1"])
    let other = try proxyd.connect()
    #expect(try other.query("PING") == .simple("PONG"))
    let before = try proxyd.peakKilobytes()
    let socket = try Loopback.connect(port: proxyd.port)
    defer { close(socket) }
    Loopback.setTimeout(socket, seconds: 120)
    let piece = [UInt8](repeating: 120, count: 1 << 20)
    try Loopback.send(Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n".utf8), to: socket)
    for _ in 0..<512 { try Loopback.send(piece, to: socket) }
    try Loopback.send([13, 10], to: socket)
    #expect(try Loopback.receive(from: socket) == Array("+OK\r\n".utf8))
    try Loopback.send(Array("GET k\r\n".utf8), to: socket)
    var left = 536_870_912 + "$536870912\r\n\r\n".utf8.count
    while left > 0 {
      let count = try Loopback.receive(from: socket, limit: 1 << 20).count
      if count == 0 { throw ToolError("the connection was closed, \(left) bytes before the end") }
      left -= count
    }
    try proxyd.expectPeak(of: before, grownLess: 64_000)
    #expect(try other.query("STRLEN", "k") == .integer(536_870_912))
  }

  @Test(arguments: [1_000, 200_000, 3_000_000])
  func `a client that does not read is closed and disturbs no other`(_ size: Int) throws {
    let proxyd = try Proxyd(["--threads", "1", "--client-output-max", "16mb"])
    let (slow, other) = (try proxyd.connect(), try proxyd.connect())
    _ = try other.query("SET", "k", String(repeating: "x", count: size))
    let before = try proxyd.peakKilobytes()
    // It may be closed while it still sends.
    let count = (64 << 20) / size
    for _ in 0..<count where (try? slow.send(["GETRANGE", "k", "0", "-1"])) == nil { break }
    try poll("it was closed") {
      let length = try other.query("STRLEN", "k")
      #expect(length == .integer(size))
      return (try? slow.send(["PING"])) == nil
    }
    try proxyd.expectPeak(of: before, grownLess: 100_000)
    #expect(try other.query("GET", "k").text?.utf8.count == size)
  }

  @Test(arguments: ["CLIENT GETNAME", "GET k", "INCR n, GET k"])
  func `short requests with long answers get no more room than others`(_ text: String) throws {
    let proxyd = try Proxyd(["--threads", "1", "--client-output-max", "16mb"])
    let (greedy, other) = (try proxyd.connect(), try proxyd.connect())
    let large = String(repeating: "x", count: 900_000)
    #expect(try greedy.query("CLIENT", "SETNAME", large) == .simple("OK"))
    _ = try other.query("SET", "k", large)
    _ = try other.query("GET", "k")
    let before = try proxyd.peakKilobytes()
    let lines = text.split(separator: ", ").map(String.init)
    let last = try #require(lines.last)
    let requests = lines.dropLast() + Array(repeating: last, count: 2_400)
    try greedy.send(bytes: Array(requests.map { "\($0)\r\n" }.joined().utf8))
    try poll("it was closed") { proxyd.figure("proxy_clients_output_closed", other) == 1 }
    try proxyd.expectPeak(of: before, grownLess: 150_000)
    #expect(try other.query("STRLEN", "k") == .integer(900_000))
  }

  @Test func `what is asked in a client's place counts with its length`() throws {
    let proxyd = try Proxyd(["--threads", "1"])
    let client = try proxyd.connect()
    let large = String(repeating: "x", count: 900_000)
    #expect(try client.query("CLIENT", "SETNAME", large) == .simple("OK"))
    #expect(try client.query("MULTI") == .simple("OK"))
    proxyd.redis.pause()
    let before = try proxyd.peakKilobytes()
    let requests = Array(repeating: "CLIENT GETNAME\r\n", count: 100).joined()
    try client.send(bytes: Array(requests.utf8))
    let other = try proxyd.connect()
    for _ in 0..<100 { #expect(try other.query("CLIENT", "ID") != .integer(0)) }
    let grown = try proxyd.peakKilobytes() - before
    proxyd.redis.resume()
    #expect(grown < 45_000 || Sanitizer.isPresent, "it has grown by \(grown) kB")
    for _ in 0..<100 { #expect(try client.receive() == .simple("QUEUED")) }
    #expect(try client.query("DISCARD") == .simple("OK"))
  }

  private static func availableKilobytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return try #require(
      line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } })
  }
}

extension Proxyd {
  fileprivate func peakKilobytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return try #require(line.flatMap { Int($0.split(separator: " ")[1]) })
  }

  /// The most memory that it has had, less what it had had before; a sanitizer keeps far more.
  fileprivate func expectPeak(of before: Int, grownLess limit: Int) throws {
    let grown = try peakKilobytes() - before
    #expect(grown < limit || Sanitizer.isPresent, "it has grown by \(grown) kB")
  }
}
