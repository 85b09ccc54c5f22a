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

/// The result of `body`, which calls the kernel in place: negative, it names the error. What is called for each
/// request goes this way, inlined as far as it will: see `clinux_call`.
@inline(__always)
func calling(_ call: StaticString, _ body: () -> Int) throws(SystemError) -> Int? {
  while true {
    let result = body()
    if result >= 0 { return result }
    if try !mustRepeat(call, Int32(truncatingIfNeeded: 0 &- result)) { return nil }
  }
}

/// Whether a call was interrupted; otherwise the kernel would have to wait, or it failed.
@inline(never)
private func mustRepeat(_ call: StaticString, _ code: Int32) throws(SystemError) -> Bool {
  let error = SystemError(call, code: code)
  if code == EINTR || error.isWouldBlock { return code == EINTR }
  throw error
}

extension FileDescriptor {
  /// How many bytes arrived; 0 when the peer has finished, nil when nothing is there yet.
  @inline(__always)
  func receive(into memory: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
    try calling("recv") { unsafe clinux_recv(number, memory.baseAddress, memory.count) }
  }

  /// How many bytes the kernel took; nil when it has no room.
  @inline(__always)
  func send(_ buffer: borrowing ByteBuffer) throws(SystemError) -> Int? {
    let number = number
    // The buffer is borrowed until the call is over.
    let bytes = unsafe buffer.bytes.withUnsafeBytes { unsafe $0 }
    return try calling("send") { unsafe clinux_send(number, bytes.baseAddress, bytes.count) }
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
