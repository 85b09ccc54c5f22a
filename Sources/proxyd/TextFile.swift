internal import Glibc

/// Files of settings, as the system gives them.
enum TextFile {
  /// Its bytes, as far as `limit`; nil where there is no such file.
  static func read(_ path: String, limit: Int) throws(ConfigurationError) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      if errno == ENOENT { return nil }
      throw failure(path)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while bytes.count <= limit {
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw failure(path) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
    throw ConfigurationError("\(path): it is larger than \(limit) bytes")
  }

  private static func failure(_ path: String) -> ConfigurationError {
    let reason = unsafe String(cString: strerror(errno))
    return ConfigurationError("\(path): it cannot be read: \(reason)")
  }
}
