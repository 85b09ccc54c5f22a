import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ClientLimitTests {
  @Test func `the bounds of lists hold`() { #expect(Limits.rosterRelationsHold) }

  @Test func `one client too many is told so as Redis tells it`() throws {
    let full = try RedisServer(arguments: ["--maxclients", "1"])
    let first = try full.connect()
    #expect(try first.query("PING") == .simple("PONG"))
    let expected = try full.connect().receive()
    let stack = try Stack(RedisServer(), loops: 3, settings: { $0.clientsMax = 3 })
    var clients = try (0..<3).map { _ in try stack.connect() }
    for client in clients { #expect(try client.query("PING") == .simple("PONG")) }
    for _ in 0..<200 {
      let refused = try stack.connect()
      #expect(try refused.receive() == expected)
      #expect(refused.isAtEnd)
    }
    let figures = try clients[0].figures()
    #expect(figures["proxy_clients_resp"] == "3")
    #expect(figures["proxy_clients_rejected"] == "200")
    // The other front's clients count too.
    clients.removeLast()
    try eventually { try clients[0].figures()["proxy_clients_resp"] == "2" }
    #expect(stack.proxy.clients.admit(.http))
    #expect(!stack.proxy.clients.admit(.http))
    #expect(try clients[0].figures()["proxy_clients_http"] == "1")
    #expect(try stack.connect().receive() == expected)
    stack.proxy.clients.leave(.http)
    #expect(try stack.connect().query("PING") == .simple("PONG"))
  }

  @Test func `who says nothing for too long is closed, unless it waits`() throws {
    let stack = try Stack(
      RedisServer(), loops: 2, options: { $0.idleTimeout = .milliseconds(50) })
    let blocked = try stack.connect()
    try blocked.send(["BLPOP", "q", "0"])
    let subscriber = try stack.connect()
    _ = try subscriber.query("SUBSCRIBE", "news")
    let monitor = try stack.connect()
    _ = try monitor.query("MONITOR")
    // One after the other, so that the time of the others is over several times.
    for _ in 0..<5 {
      let idle = try stack.connect()
      #expect(try idle.query("PING") == .simple("PONG"))
      #expect(idle.isAtEnd)
    }
    _ = try stack.server.query("RPUSH", "q", "x")
    #expect(try blocked.receive() == .array([.bulk("q"), .bulk("x")]))
    _ = try stack.server.query("PUBLISH", "news", "hello")
    #expect(
      try subscriber.receive() == .array([.bulk("message"), .bulk("news"), .bulk("hello")]))
    #expect(try monitor.receive().text?.isEmpty == false)
    // Its time counts from the reply on.
    #expect(blocked.isAtEnd)
  }

  @Test func `only this machine is served where there is no password`() throws {
    var options = RESPOptions(greeting: ServerGreeting(version: "7.0.0"))
    let near = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]
    let far = ["10.0.0.1", "128.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0"]
    for (hosts, isServed) in [(near, true), (far, false)] {
      for host in hosts {
        #expect(options.serves(SocketAddress(numeric: host, port: 1)) == isServed, "\(host)")
      }
    }
    #expect(!options.serves(nil))
    options.password = Array("secret".utf8)
    #expect(options.serves(SocketAddress(numeric: "10.0.0.1", port: 1)))
    options.password = nil
    options.isProtected = false
    #expect(options.serves(nil))
  }

  @Test(.enabled(if: Outside.address != nil, "this machine has no address but its own"))
  func `others are told why they are not served, in Redis's words`() throws {
    let host = try #require(Outside.address)
    let stack = try Stack(RedisServer(arguments: ["--bind", "0.0.0.0"]))
    let anywhere = try #require(SocketAddress(numeric: "0.0.0.0", port: 0))
    let options = RESPOptions(greeting: ServerGreeting(version: "7.0.0"))
    let front = try RESPFront(
      on: anywhere, loops: stack.loops, proxy: stack.proxy, options: options)
    let expected = try Outside.allThatComes(from: host, stack.server.port)
    let found = try Outside.allThatComes(from: host, front.address.port)
    let end = "only accepted from the loopback interface. "
    let common = try #require(expected.firstRange(of: end)).upperBound
    #expect(found.hasPrefix(expected[..<common]))
    #expect(found.hasSuffix("\r\n"))
    #expect(try stack.connect().figures()["proxy_clients_rejected"] == "1")
  }
}

/// This machine as others see it.
private enum Outside {
  /// An address of it that is not loopback.
  static let address: in_addr? = {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return nil }
    defer { unsafe freeifaddrs(list) }
    var next = unsafe list
    while let entry = unsafe next {
      if let form = unsafe entry.pointee.ifa_addr, unsafe form.pointee.sa_family == AF_INET {
        let v4 = unsafe form.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          unsafe $0.pointee.sin_addr
        }
        if UInt32(bigEndian: v4.s_addr) >> 24 != 127 { return v4 }
      }
      unsafe next = entry.pointee.ifa_next
    }
    return nil
  }()

  static func allThatComes(from host: in_addr, _ port: UInt16) throws -> String {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    Loopback.setTimeout(connection, seconds: 30)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = host
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(connected == 0)
    var bytes: [UInt8] = []
    while let arrived = try? Loopback.receive(from: connection), !arrived.isEmpty {
      bytes += arrived
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
