import ProxyCore
import TestSupport

@testable import RESPFront

/// A real server, a proxy before it, and a front: ended with the test.
final class Stack {
  let server: RedisServer
  let proxy: Proxy
  let loops: [LoopThread]
  let front: RESPFront

  var port: UInt16 { front.address.port }

  init(
    _ server: RedisServer, through port: UInt16? = nil, loops count: Int = 2,
    redisVersion: String = "7.0.15", firstID: Int = 1,
    settings change: (inout ProxySettings) -> Void = { _ in },
    options changeOptions: (inout RESPOptions) -> Void = { _ in }
  ) throws {
    self.server = server
    var settings = ProxySettings(url: RedisURL(port: port ?? server.port))
    settings.connectTimeout = .seconds(20)
    settings.bePatient()
    change(&settings)
    var options = RESPOptions(greeting: ServerGreeting(version: redisVersion))
    options.identifiers = ClientIdentifiers(first: firstID)
    changeOptions(&options)
    loops = try (0..<count).map { _ in try LoopThread(name: "loop") }
    proxy = try Proxy(settings, loops: loops)
    front = try RESPFront(on: .loopback(), loops: loops, proxy: proxy, options: options)
  }

  convenience init(loops count: Int = 2) throws { try self.init(RedisServer(), loops: count) }

  deinit {
    proxy.close()
    for loop in loops { loop.stop() }
    for loop in loops { loop.join() }
  }

  func connect() throws -> RESPConnection { try RESPConnection(port: port) }
}

func shown(_ bytes: [UInt8]) -> String {
  String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "␍")
}

/// A request as client libraries send it.
func multibulk(_ words: [[UInt8]]) -> [UInt8] {
  words.reduce(Array("*\(words.count)\r\n".utf8)) { request, word in
    request + Array("$\(word.count)\r\n".utf8) + word + [13, 10]
  }
}

func multibulk(_ words: String...) -> [UInt8] { multibulk(words.map { Array($0.utf8) }) }
