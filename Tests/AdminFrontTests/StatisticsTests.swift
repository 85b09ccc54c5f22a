import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import AdminFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct StatisticsTests {
  private func statistics(_ stack: AdminStack) throws -> [String: Any] {
    let body = try stack.connect().query("GET /stats").body
    let object = try JSONSerialization.jsonObject(with: Data(body.utf8))
    return try #require(object as? [String: Any])
  }

  @Test func `everything of INFO proxy is there, and it is what INFO says`() throws {
    let stack = try AdminStack()
    let client = try stack.connectRESP()
    for _ in 0..<5 { _ = try client.query("GET", "k") }
    let text = try #require(try client.query("INFO", "proxy").text)
    let info = try #require(try statistics(stack)["info"] as? [String: Any])
    let lines = text.split(separator: "\r\n").dropFirst()
    #expect(lines.count == info.count)
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      #expect(info[parts[0]].map { "\($0)" } == parts[1], "\(parts[0])")
    }
  }

  @Test func `durations have a bucket for each bound and one more`() throws {
    let stack = try AdminStack()
    let client = try stack.connectRESP()
    for _ in 0..<5 { _ = try client.query("GET", "k") }
    let all = try statistics(stack)
    let bounds = try #require(all["bucket_seconds"] as? [Double])
    let requests = try #require(all["requests"] as? [String: [String: [String: Any]]])
    for front in ["resp", "http"] {
      for outcome in RequestOutcome.allCases {
        let part = try #require(requests[front]?["\(outcome)"])
        let buckets = try #require(part["buckets"] as? [Int])
        #expect(buckets.count == bounds.count + 1)
        #expect(buckets.reduce(0, +) == part["count"] as? Int)
      }
    }
    #expect(requests["resp"]?["hit"]?["count"] as? Int == 4)
    #expect(all["version"] as? String == "1.2.3" && all["ready"] as? Bool == true)
    #expect(all["reason"] is NSNull)
  }

  @Test func `keys are told whatever bytes they have`() throws {
    let stack = try AdminStack()
    let client = try stack.connectRESP()
    let keys: [(key: [UInt8], shown: String, encoding: String?)] = [
      (Array("</script><b>\"\\\n\u{1}".utf8), "</script><b>\"\\\n\u{1}", nil),
      (Array("ключ 🔑\u{202E}".utf8), "ключ 🔑\u{202E}", nil), ([0xFF, 0x00], "/wA=", "base64"),
    ]
    for key in keys {
      for _ in 0..<40 { try client.send(bytes: command(["GET".utf8, key.key])) }
      for _ in 0..<40 { #expect(try client.receive() == .bulk(nil)) }
    }
    let long = [UInt8](repeating: UInt8(ascii: "a"), count: 300)
    for _ in 0..<80 { try client.send(bytes: command(["GET".utf8, long])) }
    for _ in 0..<80 { #expect(try client.receive() == .bulk(nil)) }
    let told = try #require(try statistics(stack)["hot_keys"] as? [[String: Any]])
    #expect(told.count == 4)
    #expect(told[0]["key"] as? String == String(repeating: "a", count: Limits.hotKeyBytesMax))
    #expect(told[0]["more_bytes"] as? Int == 300 - Limits.hotKeyBytesMax)
    #expect(told[0]["share"] as? Double == 0.4)
    for key in keys {
      let found = told.first { $0["key"] as? String == key.shown }
      #expect(found != nil && found?["encoding"] as? String == key.encoding, "\(key.shown)")
    }
  }

  private func command(_ words: [any Sequence<UInt8>]) -> [UInt8] {
    words.reduce(into: Array("*\(words.count)\r\n".utf8)) { bytes, word in
      let word = Array(word)
      bytes += Array("$\(word.count)\r\n".utf8) + word + Array("\r\n".utf8)
    }
  }
}
