import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// A line of `CLIENT LIST`: its fields in order.
struct ClientLine {
  let fields: [(name: String, value: String)]

  init(_ line: Substring) {
    fields = line.split(separator: " ").map { field in
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
  }

  subscript(name: String) -> String { fields.first { $0.name == name }?.value ?? "" }

  /// What is the same whoever the server is.
  var essence: String {
    let kept = [
      "name", "flags", "db", "sub", "psub", "ssub", "multi", "cmd", "user", "redir", "resp",
    ]
    return fields.filter { kept.contains($0.name) }.map { "\($0.name)=\($0.value)" }
      .joined(separator: " ")
  }
}

extension RESPReply {
  /// A text without the format that RESP3 puts in front.
  var plainText: String? { text.map { $0.hasPrefix("txt:") ? String($0.dropFirst(4)) : $0 } }
}

extension RESPConnection {
  func clientLines(_ words: String...) throws -> [ClientLine] {
    try send(["CLIENT", "LIST"] + words)
    let text = try #require(try receive().plainText)
    return text.split(separator: "\n").map { ClientLine($0) }
  }

  func clientID() throws -> Int {
    guard case .integer(let id) = try query("CLIENT", "ID") else { throw ToolError("no id") }
    return id
  }

  /// Whether the other side has closed, and nothing comes before that.
  var isAtEnd: Bool { (try? receive()) == nil }

  /// What `INFO proxy` says, by name.
  func figures() throws -> [String: String] {
    let text = try #require(try query("INFO", "proxy").plainText)
    let pairs = text.split(separator: "\r\n").compactMap { line -> (String, String)? in
      let parts = line.split(separator: ":", maxSplits: 1)
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
    return Dictionary(pairs) { first, _ in first }
  }
}

/// Asks again until it is so. Whatever never becomes true ends with the test's time.
func eventually(_ condition: () throws -> Bool) throws {
  for _ in 0..<20_000 {
    if try condition() { return }
    usleep(1_000)
  }
  throw ToolError("it did not come to pass within 20 s")
}
