internal import Glibc

/// Files of settings, as the system gives them.
enum TextFile {
  /// Its bytes, as far as `limit`; nil where there is no such file. One that may keep its reader waiting is
  /// refused: a pipe, a terminal.
  static func read(_ path: String, limit: Int) throws(ConfigurationError) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    if descriptor < 0 {
      if errno == ENOENT { return nil }
      throw failure(path)
    }
    defer { close(descriptor) }
    try checkKind(of: descriptor, path)
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

  /// A directory says by itself that it cannot be read, and `/dev/null` is a file without a line.
  private static func checkKind(
    of descriptor: Int32, _ path: String
  ) throws(ConfigurationError) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
    var null = stat()
    switch status.st_mode & S_IFMT {
    case S_IFREG, S_IFDIR: return
    case S_IFCHR where unsafe stat("/dev/null", &null) == 0 && null.st_rdev == status.st_rdev:
      return
    case S_IFIFO: throw ConfigurationError("\(path): it is a pipe, and no regular file")
    default: throw ConfigurationError("\(path): it is a device, and no regular file")
    }
  }

  private static func failure(_ path: String) -> ConfigurationError {
    let reason = unsafe String(cString: strerror(errno))
    return ConfigurationError("\(path): it cannot be read: \(reason)")
  }
}
