import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Who a client is, and what it may do therefore.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct IdentityTests {
  @Test(arguments: ["2", "3"]) func `a user of the ACL is what Redis says`(_ version: String) throws
  {
    let twin = try Twin()
    let (client, admin) = (try twin.connect(), try twin.connect())
    try admin.say("ACL SETUSER ann on >secret ~a* &* +@all -flushall -multi")
    try admin.say("ACL SETUSER bob on >secret ~b* +get +set")
    for line in ["SET a 1", "SET b 2", "GET a", "GET b", "SET c 3"] { try admin.say(line) }
    try client.both("HELLO \(version)")
    for line in [
      "GET a", "AUTH ann wrong", "GET b", "ACL WHOAMI", "AUTH ann secret", "ACL WHOAMI", "GET a",
      "GET b", "SET a 5", "SET b 5", "FLUSHALL", "MULTI", "GET a", "EVAL return(1) 0", "SELECT 1",
      "GET a", "SELECT 0", "GET a", "AUTH bob secret", "GET a", "GET b", "ACL WHOAMI",
      "AUTH nobody x",
      "GET b", "PING", "SUBSCRIBE x", "RESET", "ACL WHOAMI",
      "GET c", "AUTH x", "AUTH a b c", "HELLO 2 AUTH ann wrong", "HELLO 3 AUTH nobody", "GET c",
    ] {
      try client.say(line)
      try admin.say("GET a")
    }
    try client.both("HELLO 3 AUTH ann secret SETNAME m")
    for line in ["ACL WHOAMI", "GET b", "CLIENT GETNAME", "GET a"] { try client.say(line) }
    try admin.say("ACL DELUSER ann")
    try client.expectSameEnd()
    try admin.say("GET a")
  }

  @Test func `where Redis wants a password and the proxy has none, clients give theirs`() throws {
    let twin = try Twin(password: "secret")
    let client = try twin.connect()
    for line in [
      "GET k", "AUTH wrong", "AUTH default wrong", "GET k", "AUTH secret", "SET k v", "GET k",
      "ACL WHOAMI", "RESET", "GET k", "AUTH default secret", "GET k",
    ] { try client.say(line) }
    let other = try twin.connect()
    try other.both("HELLO 3 AUTH default secret")
    try other.say("GET k")
    try twin.connect().say("GET k")
  }

  @Test func `who gives the credentials of the proxy itself shares what it reads`() throws {
    let server = try RedisServer()
    try server.query("ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all")
    let stack = try Stack(server) {
      $0.url.username = "ann"
      $0.url.password = "secret"
    }
    let client = try stack.connect()
    #expect(try client.query("AUTH", "ann", "secret") == .simple("OK"))
    #expect(try client.query("ACL", "WHOAMI").text == "ann")
    _ = try client.query("SET", "k", "v")
    for _ in 0..<2 { #expect(try client.query("GET", "k").text == "v") }
    let hits = stack.proxy.cache.statistics.hits
    #expect(try client.query("GET", "k").text == "v")
    #expect(stack.proxy.cache.statistics.hits > hits)
    #expect(try client.query("AUTH", "ann", "other").text?.hasPrefix("WRONGPASS") == true)
    #expect(try client.query("AUTH", "default", "").text == "OK")
    #expect(try client.query("ACL", "WHOAMI").text == "default")
  }

  @Test func `rights that are taken from the proxy's own user count at once`() throws {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let file = "\(directory)/users.acl"
    func write(_ rights: String) throws {
      let text = "user default on nopass ~* &* +@all \(rights)\n"
      try text.write(toFile: file, atomically: true, encoding: .utf8)
    }
    try write("")
    let twin = try Twin(arguments: ["--aclfile", file])
    let (client, other) = (try twin.connect(), try twin.connect())
    try client.say("SET k v")
    for takes: [String] in [
      ["ACL SETUSER default -get"], ["MULTI", "ACL SETUSER default -get", "EXEC"],
      ["MULTI", "SELECT 1", "acl setuser default -get", "SELECT 0", "EXEC"], ["ACL LOAD"],
      ["MULTI", "ACL LOAD", "EXEC"], ["ACL SETUSER default resetkeys ~other"],
    ] {
      for _ in 0..<2 {
        try client.say("GET k")
        try other.say("GET k")
      }
      try write("-get")
      for line in takes { try client.say(line) }
      for line in ["GET k", "GET k"] {
        try other.say(line)
        try client.say(line)
      }
      try write("")
      try client.say("ACL LOAD")
      try client.say("GET k")
      try other.say("GET k")
    }
  }

  @Test func `of a user that is deleted nothing is answered from memory`() throws {
    let server = try RedisServer()
    try server.query("ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all")
    let stack = try Stack(server) {
      $0.url.username = "ann"
      $0.url.password = "secret"
    }
    let (client, other) = (try stack.connect(), try stack.connect())
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    for _ in 0..<2 { #expect(try other.query("GET", "k").text == "v") }
    _ = try client.query("ACL", "DELUSER", "ann")
    for _ in 0..<3 {
      let reply = try other.query("GET", "k")
      guard case .error = reply else { throw ToolError("\(reply) for a user who is gone") }
    }
  }

  @Test func `the proxy's own password is asked for as Redis asks for its own`() throws {
    let twin = try Twin(password: "secret") {
      $0.url.password = "secret"
    } options: {
      $0.password = Array("secret".utf8)
    }
    for lines in [
      ["GET k", "PING", "AUTH wrong", "AUTH secret", "GET k", "RESET", "GET k"],
      ["AUTH default secret", "SET k v", "GET k", "AUTH wrong", "GET k", "QUIT"],
      ["AUTH nobody secret", "AUTH x y z", "AUTH", "HELLO 2 AUTH default wrong", "GET k", "RESET"],
      ["SUBSCRIBE a", "MULTI", "CLIENT SETNAME n", "SELECT 1", "HELLO 9", "COMMAND"],
    ] {
      let client = try twin.connect()
      for line in lines { try client.say(line) }
    }
    // Redis's advice in these has another word since 7.2.
    let stranger = try RESPConnection(port: twin.stack.port)
    for reply in [
      try stranger.query("HELLO"), try stranger.query("HELLO", "3"),
      try stranger.query("HELLO", "3", "SETNAME", "n"),
    ] {
      #expect(reply.text?.hasPrefix("NOAUTH HELLO must be called ") == true, "\(reply)")
    }
    #expect(try stranger.query("GET", "k").text == "NOAUTH Authentication required.")
    // It still speaks RESP2, and has no name.
    #expect(try stranger.query("AUTH", "secret") == .simple("OK"))
    #expect(try stranger.query("CLIENT", "GETNAME") == .bulk(nil))
    // Strangers are not listened to for long.
    for request in ["*11\r\n$4\r\nPING\r\n", "*2\r\n$4\r\nPING\r\n$16385\r\n"] {
      let client = try twin.connect()
      try client.send(Array(request.utf8))
      try client.expectSameEnd()
    }
  }
}
