internal import Glibc
internal import ProxyCore

/// Where a program says something, without a buffer.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Opens standard streams that are closed at start, onto nothing: another file would get the number, and
  /// what is said here. To be called before anything is opened.
  static func openAll() {
    // The lowest number that is free is given first.
    for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// False if the reader is gone.
  @discardableResult
  func write(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(rawValue, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
