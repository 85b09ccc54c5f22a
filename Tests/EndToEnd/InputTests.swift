import Foundation
import TestSupport
import Testing

/// What requests that are large, or never end, cost the program.
@Suite(.serialized, .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct InputTests {
  @Test func `a million keys in one request take no memory, and nobody's time`() throws {
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
    let grown = try proxyd.peakKilobytes() - before
    // Forty bytes a key would be as much.
    #expect(grown < 40_000, "it has grown by \(grown) kB")
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
    let grown = try proxyd.peakKilobytes() - before
    #expect(grown < 200_000, "it has grown by \(grown) kB")
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
    let grown = try proxyd.peakKilobytes() - before
    #expect(grown < 200_000, "it has grown by \(grown) kB")
    clients = []
    try poll("nothing is left") { proxyd.figure("proxy_clients_input_bytes") == 0 }
  }
}

extension Proxyd {
  fileprivate func peakKilobytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return try #require(line.flatMap { Int($0.split(separator: " ")[1]) })
  }
}
