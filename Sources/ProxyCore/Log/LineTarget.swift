internal import CLinux
internal import Glibc

/// Where lines are written: a file, a pipe, a terminal, a socket.
package final class LineTarget: Sendable {
  private let descriptor: FileDescriptor
  private let isPipe: Bool

  private init(_ descriptor: consuming FileDescriptor) {
    var status = stat()
    let isKnown = unsafe fstat(descriptor.number, &status) == 0
    isPipe = isKnown && status.st_mode & S_IFMT == S_IFIFO
    self.descriptor = descriptor
  }

  /// What has this number. It stays open for others.
  package static func shared(_ number: Int32) throws(SystemError) -> LineTarget {
    let copy = try retryingInterrupts("dup") { dup(number) }
    _ = fcntl(copy, F_SETFD, FD_CLOEXEC)
    return LineTarget(FileDescriptor(owning: copy))
  }

  /// The end of the file at `path`, which is made if need be, for its owner and group to read.
  package static func file(_ path: String) throws(SystemError) -> LineTarget {
    let number = try retryingInterrupts("open") { unsafe clinux_open_to_append(path) }
    return LineTarget(FileDescriptor(owning: number))
  }

  /// Writes all of `lines`, and waits for it, as long as `mayWait` says so. Where it fails the rest is left;
  /// `isWithinLine` says whether what was written ends within a line, so that the next one begins with a line break.
  func write(
    _ lines: inout ByteBuffer, isWithinLine: inout Bool, while mayWait: () -> Bool
  ) throws(SystemError) {
    if isWithinLine {
      var end = ByteBuffer()
      end.append(UInt8(ascii: "\n"))
      try writeAll(&end, &isWithinLine, while: mayWait)
    }
    try writeAll(&lines, &isWithinLine, while: mayWait)
  }

  private func writeAll(
    _ bytes: inout ByteBuffer, _ isWithinLine: inout Bool, while mayWait: () -> Bool
  ) throws(SystemError) {
    while !bytes.isEmpty {
      let piece = Self.piece(of: bytes.bytes, isPipe: isPipe)
      guard let count = try writeSome(bytes.bytes.extracting(0..<piece)), count > 0 else {
        if !mayWait() { throw SystemError("write", code: EAGAIN) }
        waitForRoom()
        continue
      }
      isWithinLine = unsafe bytes.bytes.byte(at: count &- 1) != UInt8(ascii: "\n")
      bytes.consume(count)
    }
  }

  /// Whole lines, if any fit.
  private static func piece(of bytes: RawSpan, isPipe: Bool) -> Int {
    let most = isPipe ? Limits.logPipeBytesMax : Limits.logWriteBytesMax
    if bytes.byteCount <= most { return bytes.byteCount }
    var end = most
    // In bounds: what is looked at lies before `most`.
    while end > 0, unsafe bytes.byte(at: end &- 1) != UInt8(ascii: "\n") { end &-= 1 }
    return end > 0 ? end : most
  }

  /// nil: there is no room now, and another user of the file wants it not to block.
  private func writeSome(_ bytes: RawSpan) throws(SystemError) -> Int? {
    let number = descriptor.number
    return unsafe try bytes.withUnsafeBytes { bytes throws(SystemError) in
      try unlessBlocked("write") { unsafe Glibc.write(number, bytes.baseAddress, bytes.count) }
    }
  }

  private func waitForRoom() {
    var entry = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
    _ = unsafe poll(&entry, 1, Self.patienceMilliseconds)
  }

  /// After which it is looked whether there is still time to wait.
  private static let patienceMilliseconds: Int32 = 100
}
