import Glibc
import TestSupport

/// A file of settings, gone with its test.
final class SettingsFile {
  let path: String
  let directory: String

  init(_ text: String) throws {
    directory = try TemporaryDirectory.make()
    path = directory + "/proxyd.env"
    try write(text)
  }

  deinit { TemporaryDirectory.remove(directory) }

  /// Says this instead.
  func write(_ text: String) throws {
    guard let file = unsafe fopen(path, "w") else { throw ToolError("\(path) cannot be written") }
    unsafe fputs(text, file)
    unsafe fclose(file)
  }
}
