internal import CLinux
internal import Glibc

/// A file descriptor that is closed when its owner lets go of it, exactly once.
package struct FileDescriptor: ~Copyable, Sendable {
  /// The kernel's number; negative once closed.
  package private(set) var number: Int32

  /// Takes over a number that no other owner will close.
  package init(owning number: Int32) { self.number = number }

  deinit { if number >= 0 { _ = Glibc.close(number) } }

  package var isOpen: Bool { number >= 0 }

  /// Closes now rather than at the end of the owner's life. An error is of no use to anybody: Linux
  /// has freed the number whatever `close` says, which is also why it is not tried again after a
  /// signal.
  package mutating func close() {
    if number >= 0 { _ = Glibc.close(number) }
    number = -1
  }

  /// Hands the number to an owner outside of this type.
  package consuming func relinquish() -> Int32 {
    let number = number
    discard self
    return number
  }

  /// A second number for the same file.
  func duplicate() throws(SystemError) -> FileDescriptor {
    let number = number
    return FileDescriptor(owning: try retryingInterrupts("dup") { dup(number) })
  }
}

extension FileDescriptor {
  /// Which way to shut a connection.
  enum Direction: Int32 {
    case reading, writing, both
  }
}

/// Epoll, eventfd and timerfd.
extension FileDescriptor {
  static func makeEventCounter() throws(SystemError) -> FileDescriptor {
    let flags = Int32(EFD_NONBLOCK | EFD_CLOEXEC)
    return FileDescriptor(owning: try retryingInterrupts("eventfd") { eventfd(0, flags) })
  }

  /// Makes an event counter readable. That it is full says that it is readable already.
  func signal() {
    _ = try? retryingInterrupts("eventfd_write") { eventfd_write(number, 1) }
  }

  /// A timer on the clock of `Moment`.
  static func makeTimer() throws(SystemError) -> FileDescriptor {
    let flags = Int32(TFD_NONBLOCK | TFD_CLOEXEC)
    return FileDescriptor(
      owning: try retryingInterrupts("timerfd_create") { timerfd_create(CLOCK_BOOTTIME, flags) })
  }

  /// Has a timer go off at `deadline`, in place of when it would have.
  func goOff(at deadline: Moment) throws(SystemError) {
    var time = itimerspec()
    // A deadline before the clock's start, or that start itself, would turn the timer off.
    let nanoseconds = max(1, deadline.nanoseconds)
    time.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
    time.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
    _ = try retryingInterrupts("timerfd_settime") {
      unsafe timerfd_settime(number, Int32(TFD_TIMER_ABSTIME), &time, nil)
    }
  }

  static func makePoller() throws(SystemError) -> FileDescriptor {
    FileDescriptor(
      owning: try retryingInterrupts("epoll_create1") {
        epoll_create1(Int32(EPOLL_CLOEXEC))
      })
  }

  func control(
    _ operation: Int32, _ target: Int32, events: UInt32, data: UInt64
  ) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = events
    unsafe event.data.u64 = data
    _ = try retryingInterrupts("epoll_ctl") { unsafe epoll_ctl(number, operation, target, &event) }
  }

  /// How many events were written to `events`.
  @inline(__always)
  func wait(
    for events: UnsafeMutableBufferPointer<epoll_event>, timeoutMilliseconds: Int32
  ) throws(SystemError) -> Int {
    let count = try calling("epoll_wait") {
      unsafe clinux_epoll_wait(
        number, events.baseAddress, Int32(clamping: events.count), timeoutMilliseconds)
    }
    return count ?? 0
  }
}

extension FileDescriptor {
  /// A socket that listens on `address`. Connections that it accepts inherit its options (Linux
  /// does that), so that accepting one costs one call. `::` takes IPv4 as well.
  package static func listening(
    on address: SocketAddress, options: SocketOptions = .forClients
  ) throws(SystemError) -> FileDescriptor {
    let socket = try streamSocket(family: address.family)
    try socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
    if address.family == AF_INET6 {
      try socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, address.isWildcardV6 ? 0 : 1)
    }
    try socket.apply(options)
    let number = socket.number
    _ = try retryingInterrupts("bind") {
      unsafe address.withKernelForm { form, length in unsafe bind(number, form, length) }
    }
    _ = try retryingInterrupts("listen") { listen(number, Limits.listenBacklog) }
    return socket
  }

  /// Makes a listening socket that another program has made as if it were made here.
  func prepareInherited(_ options: SocketOptions) throws(SystemError) {
    guard try option(SOL_SOCKET, SO_ACCEPTCONN) != 0, try localAddress() != nil else {
      throw SystemError("listen", code: EOPNOTSUPP)
    }
    _ = try retryingInterrupts("fcntl") { clinux_set_flags(number) }
    try apply(options)
  }

  /// A socket on its way to `address`: writable when it has arrived or failed, which `pendingError`
  /// tells.
  package static func connecting(
    to address: SocketAddress, options: SocketOptions = SocketOptions()
  ) throws(SystemError) -> FileDescriptor {
    let socket = try streamSocket(family: address.family)
    try socket.apply(options)
    let number = socket.number
    // An interrupted connect goes on by itself; asked again, it would say EALREADY.
    let result = unsafe address.withKernelForm { form, length in
      unsafe connect(number, form, length)
    }
    if result < 0 {
      let code = errno
      if code != EINPROGRESS && code != EINTR { throw SystemError("connect", code: code) }
    }
    return socket
  }

  private static func streamSocket(family: Int32) throws(SystemError) -> FileDescriptor {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    return FileDescriptor(owning: try retryingInterrupts("socket") { socket(family, kind, 0) })
  }

  func apply(_ options: SocketOptions) throws(SystemError) {
    let tcp = Int32(IPPROTO_TCP)
    try set(tcp, TCP_NODELAY, 1)
    try set(SOL_SOCKET, SO_KEEPALIVE, 1)
    try set(tcp, TCP_KEEPIDLE, options.keepaliveSeconds)
    try set(tcp, TCP_KEEPINTVL, max(1, options.keepaliveSeconds / 3))
    try set(tcp, TCP_KEEPCNT, Limits.keepaliveProbes)
    try set(tcp, TCP_USER_TIMEOUT, options.userTimeoutMilliseconds)
  }

  func set(_ level: Int32, _ option: Int32, _ value: Int32) throws(SystemError) {
    var value = value
    let length = socklen_t(MemoryLayout<Int32>.size)
    _ = try retryingInterrupts("setsockopt") {
      unsafe setsockopt(number, level, option, &value, length)
    }
  }

  func option(_ level: Int32, _ option: Int32) throws(SystemError) -> Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    _ = try retryingInterrupts("getsockopt") {
      unsafe getsockopt(number, level, option, &value, &length)
    }
    return value
  }

  /// The error that a connection met on its own, which is then forgotten; nil where there was none.
  func pendingError(of call: StaticString) -> SystemError? {
    do {
      let code = try option(SOL_SOCKET, SO_ERROR)
      return code == 0 ? nil : SystemError(call, code: code)
    } catch { return error }
  }

  /// The next connection that waits; nil where none does.
  func accept() throws(SystemError) -> (number: Int32, peer: SocketAddress?)? {
    var peer = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let accepted = try unlessBlocked("accept4") { unsafe clinux_accept(number, &peer, &length) }
    return accepted.map { ($0, SocketAddress(peer)) }
  }

  /// The end of the connection that is here: which port a listener on port 0 was given, for one.
  package func localAddress() throws(SystemError) -> SocketAddress? {
    unsafe try address("getsockname") { unsafe getsockname($0, $1, $2) }
  }

  /// The other end of the connection.
  package func peerAddress() throws(SystemError) -> SocketAddress? {
    unsafe try address("getpeername") { unsafe getpeername($0, $1, $2) }
  }

  private func address(
    _ call: StaticString,
    _ body: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) throws(SystemError) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = try retryingInterrupts(call) {
      unsafe withUnsafeMutablePointer(to: &storage) { storage in
        unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe body(number, $0, &length)
        }
      }
    }
    return SocketAddress(storage)
  }

  func shutdown(_ direction: FileDescriptor.Direction) throws(SystemError) {
    _ = try retryingInterrupts("shutdown") { Glibc.shutdown(number, direction.rawValue) }
  }
}

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
