internal import CLinux
internal import Glibc

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
