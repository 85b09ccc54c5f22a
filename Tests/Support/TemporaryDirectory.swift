private import Glibc

/// Directories for what a test or benchmark writes.
public enum TemporaryDirectory {
  /// A new directory of the caller's own; its path.
  public static func make() throws -> String {
    var template = Array("/tmp/proxyd-test-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw ToolError.last("mkdtemp") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes a directory with all that is in it.
  public static func remove(_ directory: String) {
    _ = try? ChildProcess(["rm", "-rf", directory]).wait()
  }
}
