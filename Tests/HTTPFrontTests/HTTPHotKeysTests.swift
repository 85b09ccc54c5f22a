import TestSupport
import Testing

@testable import HTTP
@testable import HTTPFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct HTTPHotKeysTests {
  @Test func `what is read over HTTP is among the keys that are read most`() throws {
    let stack = try HTTPStack(loops: 2)
    let web = try (0..<3).map { _ in try stack.connect() }
    for client in web { for _ in 0..<20 { _ = try client.query("GET /page") } }
    let client = try stack.connectRESP()
    for _ in 0..<30 { _ = try client.query("GET", "other") }
    guard case .array(let keys?) = try client.query("PROXY", "HOTKEYS") else {
      throw ToolError("no array")
    }
    let names = keys.map { key in
      if case .array(let pairs?) = key { pairs[1].text ?? "?" } else { "?" }
    }
    #expect(names == ["page", "other"])
  }
}
