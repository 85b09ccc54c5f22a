internal import Glibc
internal import ProxyCore

/// Whether systemd's journal reads what is written, and takes the level from before a line.
enum Journal {
  static var readsStandardError: Bool {
    guard let place = unsafe getenv("JOURNAL_STREAM") else { return false }
    var status = stat()
    guard unsafe fstat(StandardStream.error.rawValue, &status) == 0 else { return false }
    return unsafe String(cString: place) == "\(status.st_dev):\(status.st_ino)"
  }
}
