import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SlowLogCommandTests {
  private struct Entry {
    let number: Int
    let unixSeconds: Int
    let microseconds: Int
    let words: [String]
    let address: String
    let name: String
  }

  private func entries(_ client: RESPConnection, _ words: String...) throws -> [Entry] {
    try client.send(["PROXY", "SLOWLOG", "GET"] + words)
    guard case .array(let elements?) = try client.receive() else { throw ToolError("no array") }
    return try elements.map { element in
      guard case .array(let parts?) = element, parts.count == 6,
        case .integer(let number) = parts[0], case .integer(let seconds) = parts[1],
        case .integer(let microseconds) = parts[2], case .array(let words?) = parts[3],
        let address = parts[4].text, let name = parts[5].text
      else { throw ToolError("no entry: \(element)") }
      return Entry(
        number: number, unixSeconds: seconds, microseconds: microseconds,
        words: words.map { $0.text ?? "?" }, address: address, name: name)
    }
  }

  /// A proxy that remembers whatever waited for Redis.
  private func stack(_ threshold: Duration? = .zero, _ countMax: Int = 128) throws -> Stack {
    try Stack(
      RedisServer(), loops: 2,
      settings: {
        $0.slowThreshold = threshold
        $0.slowRequestsMax = countMax
      })
  }

  @Test func `a request that comes in pieces is told of, whatever it lacks, and a password never`()
    throws
  {
    let stack = try stack()
    let length = Limits.requestBufferedMax + 1
    let rest = [UInt8](repeating: 0x78, count: length) + Array("\r\n".utf8)
    let client = try stack.connect()
    // It is the name itself that is too long to wait for.
    try client.send(bytes: Array("*1\r\n$\(length)\r\n".utf8) + rest)
    guard case .error = try client.receive() else { throw ToolError("it was taken") }
    try client.send(
      bytes: Array(
        "*6\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$4\r\nhush\r\n$\(length)\r\n".utf8
      )
        + rest)
    guard case .error = try client.receive() else { throw ToolError("it was taken") }
    let told = try entries(stack.connect(), "-1").map(\.words)
    #expect(told.contains(["... (\(length) more bytes)"]), "\(told)")
    #expect(!told.joined().contains { $0.contains("hush") }, "\(told)")
  }

  @Test(arguments: ["2", "3"])
  func `what took long is told with its time, its client and its words`(_ version: String) throws {
    let stack = try stack(.milliseconds(100))
    let client = try stack.connect()
    _ = try client.query("HELLO", version)
    _ = try client.query("CLIENT", "SETNAME", "worker-7")
    _ = try client.query("SET", "quick", "1")
    let lines = try client.clientLines()
    // On a busy machine anything may have taken long until now.
    _ = try client.query("PROXY", "SLOWLOG", "RESET")
    stack.server.pause()
    try client.send(["INCRBY", "n", "2"])
    try client.send(["GET", "cold"])
    try poll("both under way") { stack.underWay.map { $0.calls + $0.reads }.reduce(0, +) >= 2 }
    usleep(150_000)
    stack.server.resume()
    #expect(try client.receive() == .integer(2))
    #expect(try client.receive() == .bulk(nil) || version == "3")
    let found = try entries(client)
    #expect(Set(found.map(\.words)) == [["GET", "cold"], ["INCRBY", "n", "2"]])
    #expect(found[0].number == found[1].number + 1)
    for entry in found {
      #expect(entry.microseconds >= 100_000 && entry.microseconds < 60_000_000)
      #expect(abs(Double(entry.unixSeconds) - Date().timeIntervalSince1970) < 60)
      #expect(entry.address == lines[0]["addr"])
      #expect(entry.name == "worker-7")
    }
    // Hits and what the proxy answers by itself take no time worth the name.
    for _ in 0..<3 { _ = try client.query("GET", "cold") }
    #expect(try client.query("PROXY", "SLOWLOG", "LEN") == .integer(2))
    #expect(try client.query("PROXY", "SLOWLOG", "RESET") == .simple("OK"))
    #expect(try client.query("PROXY", "SLOWLOG", "LEN") == .integer(0))
    #expect(try entries(client).isEmpty)
  }

  @Test func `words are cut as Redis cuts them`() throws {
    let stack = try stack()
    let client = try stack.connect()
    let plain = try stack.server.connect()
    _ = try plain.query("CONFIG", "SET", "slowlog-log-slower-than", "0")
    let long = { (count: Int) in String(repeating: "x", count: count) }
    for words in [
      ["SET", "k", long(128)], ["SET", "k", long(129)], ["SET", "k", long(5_000)],
      ["DEL"] + (0..<31).map { "k\($0)" }, ["DEL"] + (0..<32).map { "k\($0)" },
      ["DEL"] + (0..<100).map { "k\($0)" }, ["ECHO", ""],
      ["SET", "k", long(70_000)],
    ] {
      try client.send(words)
      _ = try client.receive()
      try plain.send(words)
      _ = try plain.receive()
      guard case .array(let entries?) = try plain.query("SLOWLOG", "GET", "1"),
        case .array(let parts?) = entries.first, case .array(let expected?) = parts[3]
      else { throw ToolError("Redis has no log") }
      let found = try self.entries(client, "1").first
      if words[2...].contains(where: { $0.count > 65_536 }) {
        // It was not received as a whole.
        #expect(found?.words == ["SET", "k", "... (70000 more bytes)"])
      } else {
        #expect(found?.words == expected.map { $0.text ?? "?" })
      }
      _ = try client.query("PROXY", "SLOWLOG", "RESET")
    }
  }

  @Test func `subcommands are refused as Redis refuses them`() throws {
    let stack = try stack()
    let client = try stack.connect()
    let plain = try stack.server.connect()
    for words in [
      ["FOO"], ["GET", "-2"], ["GET", "x"], ["LEN", "1"], ["RESET", "1"], ["GET", "1", "2"],
    ] {
      try plain.send(["SLOWLOG"] + words)
      try client.send(["PROXY", "SLOWLOG"] + words)
      let found = try client.receive().text ?? ""
      let expected = try plain.receive().text ?? ""
      // Redis has three sentences for what is one here.
      if expected.contains("subcommand") || expected.contains("wrong number") {
        #expect(
          found == "ERR unknown subcommand or wrong number of arguments for '\(words[0])'. "
            + "Try PROXY SLOWLOG HELP.")
      } else {
        #expect(found == expected, "\(words)")
      }
    }
    #expect(
      try client.query("PROXY", "SLOWLOG")
        == .error("ERR wrong number of arguments for 'proxy|slowlog' command"))
    guard case .array(let help?) = try client.query("PROXY", "SLOWLOG", "HELP"),
      case .array(let other?) = try plain.query("SLOWLOG", "HELP")
    else { throw ToolError("no help") }
    #expect(help.first?.text == "PROXY " + (other.first?.text ?? ""))
    #expect(help.last == other.last)
    for name in ["GET [<count>]", "LEN", "RESET"] { #expect(help.contains(.simple(name))) }
  }

  @Test func `passwords are not in it, nor what blocks`() throws {
    let stack = try stack()
    let client = try stack.connect()
    for words in [
      ["CONFIG", "SET", "maxmemory", "0"], ["ACL", "SETUSER", "u", ">secret"],
      ["AUTH", "u", "secret"], ["AUTH", "secret"], ["HELLO", "3", "AUTH", "u", "secret"],
      ["MIGRATE", "127.0.0.1", "1", "k", "0", "10", "AUTH", "secret"], ["BLPOP", "q", "0.01"],
      ["WAIT", "1", "10"],
    ] {
      let other = try stack.connect()
      try other.send(words)
      _ = try other.receive()
    }
    let found = try entries(client, "-1").map(\.words)
    #expect(found.contains(["CONFIG", "SET", "(redacted)"]))
    #expect(found.contains(["ACL", "SETUSER", "(redacted)"]))
    #expect(!found.joined().contains { $0.contains("secret") })
    #expect(!found.contains { ["BLPOP", "WAIT", "AUTH", "HELLO"].contains($0[0]) })
  }

  @Test func `those with an identity of their own neither read it nor are in it`() throws {
    let stack = try stack()
    _ = try stack.server.query("ACL", "SETUSER", "own", "on", ">pw", "allcommands", "allkeys")
    let client = try stack.connect()
    #expect(try client.query("AUTH", "own", "pw") == .simple("OK"))
    _ = try client.query("SET", "private", "1")
    for words in [["SLOWLOG", "GET"], ["SLOWLOG", "LEN"], ["SLOWLOG", "RESET"], ["HOTKEYS"]] {
      try client.send(["PROXY"] + words)
      #expect(try client.receive().text?.hasPrefix("NOPERM ") == true)
    }
    let other = try stack.connect()
    #expect(!(try entries(other, "-1")).contains { $0.words.contains("private") })
  }

  @Test func `time in line counts, and so does what was refused after it`() throws {
    let stack = try Stack(
      RedisServer(), loops: 1,
      settings: {
        $0.permits = 1
        $0.queueTimeout = .milliseconds(200)
        $0.slowThreshold = .milliseconds(150)
      })
    let first = try stack.connect()
    let second = try stack.connect()
    _ = try first.query("PING")
    stack.server.pause()
    try first.send(["INCR", "n"])
    try poll("a permit is taken") { stack.proxy.limiter.counts.permitsInUse == 1 }
    try second.send(["INCR", "m"])
    #expect(try second.receive().text?.contains("permit") == true)
    #expect(try entries(second).map(\.words) == [["INCR", "m"]])
    stack.server.resume()
    #expect(try first.receive() == .integer(1))
    // Asking while Redis stood still took its time as well.
    let words = try entries(second).map(\.words).filter { $0[0] != "PROXY" }
    #expect(words == [["INCR", "n"], ["INCR", "m"]])
  }

  @Test func `no more are kept than is said, and none where it is off`() throws {
    let few = try stack(.zero, 3)
    let client = try few.connect()
    for number in 0..<10 { _ = try client.query("SET", "k", "\(number)") }
    #expect(try entries(client, "-1").map { $0.words[2] } == ["9", "8", "7"])
    let none = try stack(nil)
    let other = try none.connect()
    _ = try other.query("SET", "k", "v")
    #expect(try other.query("PROXY", "SLOWLOG", "LEN") == .integer(0))
  }

  @Test func `a long pipeline is noted within bounds, and right`() throws {
    let stack = try stack(.zero, 10_000)
    let client = try stack.connect()
    let count = 3_000
    let value = String(repeating: "v", count: 100)
    let requests = (0..<count).flatMap { RESPConnection.encode(["SET", "key-\($0)", value]) }
    stack.server.pause()
    try client.send(bytes: requests)
    try poll("all are under way") { stack.underWay.map(\.calls).reduce(0, +) >= 1_000 }
    stack.server.resume()
    for _ in 0..<count { #expect(try client.receive() == .simple("OK")) }
    let found = try entries(client, "-1").filter { $0.words[0] == "SET" }
    #expect(found.count == count)
    for entry in found {
      let isWhole = entry.words.count == 3 && entry.words[2] == value
      #expect(isWhole || entry.words == ["SET", "... (2 more arguments)"])
    }
    #expect(found.contains { $0.words.count == 3 } && found.contains { $0.words.count == 2 })
  }
}
