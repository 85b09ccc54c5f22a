import TestSupport
import Testing

/// The same random sessions with a plain server and through the proxy: the replies are the same bytes.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct DifferentialTests {
  @Test(arguments: ["2", "3"]) func `one client's pipelines are answered alike`(
    _ version: String
  ) throws {
    let twin = try Twin()
    var random = RandomSession(generator: .forTest())
    for _ in 0..<30 {
      try twin.empty()
      let client = try twin.connect()
      try client.both("HELLO \(version)")
      for _ in 0..<20 where try !exchange(with: client, depth: random.depth(), &random) { return }
    }
  }

  @Test func `two clients in turn are answered alike`() throws {
    let twin = try Twin()
    var random = RandomSession(generator: .forTest())
    for _ in 0..<20 {
      try twin.empty()
      let clients = try [twin.connect(), twin.connect()]
      try clients[1].both("HELLO 3")
      for _ in 0..<60 {
        let client = clients[Int.random(in: 0...1, using: &random.generator)]
        let depth = random.chance(0.7) ? 1 : random.depth()
        if try !exchange(with: client, depth: depth, &random) { return }
      }
    }
  }

  @Test func `what is sent before the end is answered alike`() throws {
    let twin = try Twin()
    var random = RandomSession(generator: .forTest())
    for _ in 0..<40 {
      try twin.empty()
      let client = try twin.connect()
      let count = random.depth()
      let bytes = (0..<count).flatMap { _ in random.encoded(withoutBlocking(&random)) }
      try client.plain.send(bytes)
      client.plain.finish()
      try client.proxied.send(bytes)
      client.proxied.finish()
      let comment = "\(shown(bytes))"
      let expected = try client.plain.rest()
      #expect(shown(try client.proxied.rest()) == shown(expected), "\(comment)")
    }
  }

  /// A client that ends its side while it is blocked has gone.
  private func withoutBlocking(_ random: inout RandomSession) -> [[UInt8]] {
    while true {
      let words = random.request()
      let name = String(decoding: words[0], as: UTF8.self).uppercased()
      let waits =
        name.hasPrefix("B") && !name.hasPrefix("BIT") || name.hasPrefix("XREAD")
        || name.hasPrefix("WAIT")
      if !waits { return words }
    }
  }

  /// Sends a pipeline and compares what comes; false where it differs.
  private func exchange(
    with client: TwinConnection, depth: Int, _ random: inout RandomSession
  ) throws -> Bool {
    let requests = (0..<depth).map { _ in random.request() }
    let bytes = requests.flatMap { random.encoded($0) }
    try client.plain.send(bytes)
    var sent = 0
    for cut in random.cuts(of: bytes.count) {
      try client.proxied.send(Array(bytes[sent..<cut]))
      sent = cut
    }
    for (number, request) in requests.enumerated() {
      let expected = try client.plain.frame()
      let found = try client.proxied.frame()
      guard found != expected else { continue }
      let story = (random.said + requests[..<number].map { Array($0.joined(separator: [32])) })
        .suffix(20).map { shown($0) }
      Issue.record(
        """
        \(shown(Array(request.joined(separator: [32])))) was answered \(shown(found)) \
        instead of \(shown(expected)), after \(story)
        """)
      return false
    }
    random.said += requests.map { Array($0.joined(separator: [32])) }
    return true
  }
}
