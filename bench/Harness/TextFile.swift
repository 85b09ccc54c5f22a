import Glibc
import TestSupport

/// Small files, whole.
enum TextFile {
  static func read(_ path: String) throws -> String {
    guard let file = unsafe fopen(path, "r") else { throw ToolError("\(path) cannot be read") }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func write(_ text: String, to path: String) throws {
    guard let file = unsafe fopen(path, "w") else { throw ToolError("\(path) cannot be written") }
    let written = unsafe fputs(text, file)
    guard unsafe fclose(file) == 0, written >= 0 else {
      throw ToolError("\(path) was not written")
    }
  }

  static func remove(_ path: String) { unsafe unlink(path) }
}
