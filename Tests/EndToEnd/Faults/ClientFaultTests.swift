import Foundation
import TestSupport
import Testing

/// Clients that are slow, that are many, and that vanish: the others are served, and nothing is left of them.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"), .serialized)
struct ClientFaultTests {
  /// A connection of which only the bytes matter.
  private final class Peer {
    let socket: Int32
    private var isOpen = true

    init(port: UInt16) throws {
      socket = try Loopback.connect(port: port)
      Loopback.setTimeout(socket, seconds: 30)
    }

    deinit { if isOpen { close(socket) } }

    func send(_ text: String) { try? Loopback.send(Array(text.utf8), to: socket) }

    /// As where the process is killed with something unread, or the machine fails.
    func vanish() {
      Loopback.reset(socket)
      isOpen = false
    }
  }

  @Test func `two thousand clients that send a byte now and then hold up nobody`() throws {
    let site = try FaultSite()
    let descriptors = try site.quietDescriptors()
    let residentBefore = site.residentBytes
    let request = Array("*2\r\n$3\r\nGET\r\n$30\r\n123456789012345678901234567890\r\n".utf8)
    let head = Array("GET /slow HTTP/1.1\r\nHost: localhost\r\nX-Slow: yes, very much so".utf8)
    do {
      let resp = try (0..<1_000).map { _ in try Peer(port: site.proxyd.port) }
      let http = try (0..<1_000).map { _ in try Peer(port: site.proxyd.httpPort) }
      let client = try site.proxyd.connect()
      let web = try HTTPConnection(port: site.proxyd.httpPort)
      for round in 0..<10 {
        for peer in resp { try Loopback.send([request[round]], to: peer.socket) }
        // Heads have a time; whose is over is closed with 408.
        for peer in http { try? Loopback.send([head[round]], to: peer.socket) }
        #expect(try client.query("SET", "k", "\(round)") == .simple("OK"))
        #expect(try web.get("/k").body == "\(round)")
      }
      #expect(try Statistics(of: site.proxyd).number("proxy_clients_resp") == 1_001)
      let bytes = site.residentBytes - residentBefore
      print("fault: 2000 slow clients take \(bytes / 2_000) bytes each")
      #expect(bytes < 64 << 20)
      for peer in resp { try Loopback.send(Array(request[10...]), to: peer.socket) }
      for peer in resp {
        #expect(try Loopback.receive(from: peer.socket) == Array("$-1\r\n".utf8))
      }
      // The rest of the head never comes.
      for peer in http.prefix(10) {
        let answer = try Loopback.receive(from: peer.socket)
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
      }
    }
    try site.expectNothingLeft(descriptors)
  }

  @Test func `clients that never read are closed past their limit, and nobody waits for them`()
    throws
  {
    let site = try FaultSite(["--client-output-max", "4mb"])
    let descriptors = try site.quietDescriptors()
    let client = try site.proxyd.connect()
    let value = String(repeating: "x", count: 500_000)
    #expect(try client.query("SET", "large", value) == .simple("OK"))
    let residentBefore = site.residentBytes
    do {
      let count = 20
      // Each asks for far more than its limit and the sockets on the way hold.
      let resp = try (0..<count).map { _ in try Peer(port: site.proxyd.port) }
      let http = try (0..<count).map { _ in try Peer(port: site.proxyd.httpPort) }
      for _ in 0..<100 {
        for peer in resp { peer.send("GET large\r\n") }
        for peer in http { peer.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n") }
      }
      for number in 0..<50 {
        #expect(try client.query("SET", "k", "\(number)") == .simple("OK"))
        #expect(try client.query("GET", "k") == .bulk("\(number)"))
      }
      // A web client is no longer read instead, until it is idle for too long.
      try poll("those who do not read are closed") {
        try Statistics(of: site.proxyd).number("proxy_clients_resp") == 1
      }
      #expect(site.residentBytes < residentBefore + count * (16 << 20))
      #expect(try client.query("GET", "large") == .bulk(value))
      _ = http
    }
    _ = consume client
    try site.expectNothingLeft(descriptors, hot: ["large"])
  }

  /// What a client has under way when it vanishes.
  private static let beginnings = [
    "GET k\r\n", "*3\r\n$3\r\nSET\r\n$5\r\nother\r\n$100000\r\nxxxx", "BLPOP nothing 0\r\n",
    "SUBSCRIBE channel\r\n", "MULTI\r\nSET other 1\r\n", "WATCH k\r\n", "HELLO 3\r\nGET large\r\n",
    "INCR n\r\nGET large\r\nINCR n\r\n", "EVAL return(1) 0\r\n", "CLIENT TRACKING ON\r\n",
    "MONITOR\r\n", "*2\r\n$3\r\nGE", "",
  ]
  private static let webBeginnings = [
    "GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "PUT /other HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nxxxx", "GET /k HT",
    "PUT /other HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "",
  ]

  @Test func `a thousand clients vanish in the middle of whatever they do`() throws {
    let site = try FaultSite()
    let descriptors = try site.quietDescriptors()
    var random = SeededGenerator.forTest()
    let client = try site.proxyd.connect()
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    #expect(
      try client.query("SET", "large", String(repeating: "x", count: 2_000_000)) == .simple("OK"))
    for round in 0..<10 {
      // Some while Redis stands still, so that what they asked for is under way for sure.
      if round % 3 == 2 { site.redis.pause() }
      let resp = try (0..<70).map { number in
        let peer = try Peer(port: site.proxyd.port)
        peer.send(Self.beginnings[number % Self.beginnings.count])
        return peer
      }
      let http = try (0..<30).map { number in
        let peer = try Peer(port: site.proxyd.httpPort)
        peer.send(Self.webBeginnings[number % Self.webBeginnings.count])
        return peer
      }
      usleep(UInt32.random(in: 0...50_000, using: &random))
      for peer in (resp + http).shuffled(using: &random) { peer.vanish() }
      site.redis.resume()
      #expect(try client.query("GET", "k") == .bulk("v"))
    }
    #expect(try client.query("EXISTS", "other") == .integer(0))
    _ = consume client
    try site.expectNothingLeft(descriptors, hot: ["k"])
  }

  @Test func `a process that is killed in the middle of its requests leaves nothing`() throws {
    let site = try FaultSite()
    let descriptors = try site.quietDescriptors()
    for _ in 0..<3 {
      let benchmark = try ChildProcess(
        [
          "redis-benchmark", "-p", "\(site.proxyd.port)", "-t", "set,lpush,mset", "-n", "10000000",
          "-c", "50", "-P", "8", "-d", "1000", "-q",
        ])
      try poll("it is at work") {
        try Statistics(of: site.proxyd).number("proxy_clients_resp") >= 50
      }
      usleep(100_000)
      benchmark.stop()
    }
    try site.expectNothingLeft(descriptors)
  }
}
