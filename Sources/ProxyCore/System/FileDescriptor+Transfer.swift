internal import CLinux
internal import Glibc

extension SystemError {
  var isWouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }
}

/// Nil where the kernel would have to wait, which is no error.
func unlessBlocked<Result: SignedInteger>(
  _ call: StaticString, _ body: () -> Result
) throws(SystemError) -> Result? {
  do throws(SystemError) {
    return try retryingInterrupts(call, body)
  } catch {
    if error.isWouldBlock { return nil }
    throw error
  }
}

extension FileDescriptor {
  /// How many bytes arrived; 0 when the peer has finished, nil when nothing is there yet.
  func receive(into memory: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    try unlessBlocked("recv") { unsafe clinux_recv(number, memory.baseAddress, memory.count) }
  }

  /// How many bytes the kernel took; nil when it has no room.
  func send(_ buffer: borrowing ByteBuffer) throws(SystemError) -> Int? {
    let number = number
    return unsafe try buffer.bytes.withUnsafeBytes { bytes throws(SystemError) in
      try unlessBlocked("send") {
        unsafe clinux_send(number, bytes.baseAddress, bytes.count)
      }
    }
  }

  /// The same for pieces that lie apart.
  func send(_ pieces: UnsafeMutableBufferPointer<iovec>) throws(SystemError) -> Int? {
    var message = unsafe msghdr()
    unsafe message.msg_iov = pieces.baseAddress
    unsafe message.msg_iovlen = pieces.count
    return try unlessBlocked("sendmsg") {
      unsafe sendmsg(number, &message, Int32(MSG_NOSIGNAL))
    }
  }
}
