import Foundation
import TestSupport

/// The text of a source file, as far as rules of style look at it.
struct SwiftFile {
  struct TypeDeclaration: Equatable {
    let name: String
    /// Whether no other file can name it.
    let isPrivate: Bool
    let isTopLevel: Bool
  }

  /// From the repository's root on.
  let path: String
  let lines: [String]
  /// The same lines without comments, and with nothing in their strings.
  let code: [String]

  init(path: String, text: String) {
    self.path = path
    lines = text.components(separatedBy: "\n")
    code = Self.code(of: text).components(separatedBy: "\n")
  }

  /// All files under these folders.
  static func all(_ folders: String...) throws -> [SwiftFile] {
    try folders.flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: SourceTree.path(folder))
        .filter { $0.hasSuffix(".swift") }.sorted()
        .map { name in
          let path = "\(folder)/\(name)"
          let text = try String(contentsOfFile: SourceTree.path(path), encoding: .utf8)
          return SwiftFile(path: path, text: text)
        }
    }
  }

  /// `Link` of `Link+Life.swift`.
  var subject: String {
    let name = path.split(separator: "/").last ?? ""
    return String(name.prefix { $0 != "+" && $0 != "." })
  }

  private static let typeKeywords: Set = ["struct", "class", "enum", "actor", "protocol"]

  var types: [TypeDeclaration] {
    code.compactMap { line in
      let (modifiers, keyword, rest) = Self.declaration(line)
      guard Self.typeKeywords.contains(keyword) else { return nil }
      let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      return TypeDeclaration(
        name: String(name), isPrivate: modifiers.contains { $0.hasSuffix("private") },
        isTopLevel: line.first != " ")
    }
  }

  private static let modifiers: Set = [
    "public", "package", "internal", "private", "fileprivate", "final", "indirect", "static",
    "mutating", "borrowing", "consuming", "convenience", "override", "nonisolated", "required",
  ]

  /// The modifiers that a line begins with, the word behind them, and what follows it.
  private static func declaration(
    _ line: String
  ) -> (modifiers: [Substring], keyword: String, rest: Substring) {
    var rest = line.drop { $0 == " " }
    var found: [Substring] = []
    while true {
      let word = rest.prefix { $0 != " " && $0 != "(" && $0 != "?" && $0 != "<" }
      if word.isEmpty || !(word.hasPrefix("@") || modifiers.contains(String(word))) {
        return (found, String(word), rest.dropFirst(word.count).drop { $0 == " " })
      }
      found.append(word)
      rest = rest.dropFirst(word.count)
      // `@inline(never)`, `private(set)`.
      if rest.hasPrefix("(") { rest = rest.drop { $0 != ")" }.dropFirst() }
      rest = rest.drop { $0 == " " }
    }
  }

  /// Words that may name a type, but for those that name a member of something.
  var mentions: Set<String> {
    var words: Set<String> = []
    for line in code {
      var (word, before): (String.UTF8View.SubSequence, UInt8) = (line.utf8.prefix(0), 32)
      for (index, byte) in zip(line.utf8.indices, line.utf8) {
        if Self.isOfWord(byte) {
          word = word.isEmpty ? line.utf8[index...index] : line.utf8[word.startIndex...index]
          continue
        }
        if Self.isName(word), before != UInt8(ascii: ".") { words.insert(String(word) ?? "") }
        (word, before) = (line.utf8.prefix(0), byte)
      }
      if Self.isName(word), before != UInt8(ascii: ".") { words.insert(String(word) ?? "") }
    }
    return words
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
      || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
  }

  private static func isName(_ word: String.UTF8View.SubSequence) -> Bool {
    word.first.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 } ?? false
  }

  /// The functions and initializers: in which line each begins, and how many it has.
  var functions: [(line: Int, count: Int)] {
    code.indices.compactMap { start in
      let line = code[start]
      let keyword = Self.declaration(line).keyword
      if keyword != "func" && keyword != "init" { return nil }
      let indent = String(line.prefix { $0 == " " })
      // What has no body ends with its first line, or with the next declaration.
      if line.hasSuffix("}") || !isFollowedByBody(start) { return nil }
      guard let end = code[start...].firstIndex(of: indent + "}") else { return nil }
      return (start + 1, end - start + 1)
    }
  }

  private func isFollowedByBody(_ start: Int) -> Bool {
    for line in code[start...] {
      if line.hasSuffix("{") { return true }
      if line.isEmpty || line.hasSuffix("}") { return false }
    }
    return false
  }

  /// Blanks comments and what is in strings. What strings have put into them is not looked at.
  private static func code(of text: String) -> String {
    var result: [UInt8] = []
    let bytes = Array(text.utf8)
    let quote = UInt8(ascii: "\"")
    var (index, isString, isLong) = (0, false, false)
    func isHere(_ byte: UInt8, times: Int) -> Bool {
      if bytes[index] != byte || index + times > bytes.count { return false }
      for place in index..<index + times where bytes[place] != byte { return false }
      return true
    }
    while index < bytes.count {
      let byte = bytes[index]
      if isString {
        if byte == UInt8(ascii: "\\") {
          index += 1
        } else if isLong ? isHere(quote, times: 3) : byte == quote || byte == 10 {
          isString = false
          index += isLong ? 2 : 0
          result.append(quote)
        }
        if index < bytes.count, bytes[index] == 10 { result.append(10) }
      } else if isHere(UInt8(ascii: "/"), times: 2) {
        while index < bytes.count && bytes[index] != 10 { index += 1 }
        continue
      } else if byte == quote {
        isString = true
        isLong = isHere(quote, times: 3)
        index += isLong ? 2 : 0
        result.append(quote)
      } else {
        result.append(byte)
      }
      index += 1
    }
    return String(decoding: result, as: UTF8.self)
  }
}
