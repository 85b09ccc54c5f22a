internal import Glibc

/// A system call of a test's tool that failed.
public struct ToolError: Error, CustomStringConvertible {
  /// What went wrong, for people.
  public let description: String

  /// An error with a text of its own.
  public init(_ description: String) { self.description = description }

  /// The failure of `call`, as `errno` has it.
  static func last(_ call: String) -> ToolError {
    let code = errno
    return unsafe ToolError("\(call): \(String(cString: strerror(code)))")
  }
}

/// Blocking TCP sockets on 127.0.0.1.
public enum Loopback {
  static let streamType = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  /// A listening socket and its port; 0 lets the system choose.
  public static func listen(port: UInt16 = 0) throws -> (socket: Int32, port: UInt16) {
    let listener = socket(AF_INET, streamType, 0)
    guard listener >= 0 else { throw ToolError.last("socket") }
    set(listener, SOL_SOCKET, SO_REUSEADDR, 1)
    var address = address(port: port)
    let bound = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, Glibc.listen(listener, 128) == 0 else {
      defer { close(listener) }
      throw ToolError.last("bind")
    }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let named = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(listener, $0, &length)
      }
    }
    precondition(named == 0, "a bound socket has a name")
    return (listener, UInt16(bigEndian: address.sin_port))
  }

  /// A port that nobody listens on at the moment. Somebody else may take it first: be ready to try
  /// again.
  public static func freePort() throws -> UInt16 {
    let (listener, port) = try listen()
    close(listener)
    return port
  }

  /// A connected socket.
  public static func connect(port: UInt16) throws -> Int32 {
    let connection = socket(AF_INET, streamType, 0)
    guard connection >= 0 else { throw ToolError.last("socket") }
    var address = address(port: port)
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 || (errno == EINTR && isEstablished(connection)) else {
      defer { close(connection) }
      throw ToolError.last("connect")
    }
    set(connection, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    return connection
  }

  /// How a connecting that a signal has interrupted ends: it goes on by itself. False sets `errno`.
  private static func isEstablished(_ connection: Int32) -> Bool {
    var waiting = pollfd(fd: connection, events: Int16(POLLOUT), revents: 0)
    while unsafe poll(&waiting, 1, -1) < 0 && errno == EINTR {}
    var failure: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(connection, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 else {
      return false
    }
    errno = failure
    return failure == 0
  }

  /// Sends all of `bytes`, however often the kernel takes only a part.
  public static func send(_ bytes: [UInt8], to connection: Int32) throws {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(
          connection, $0.baseAddress.unsafelyUnwrapped + sent, bytes.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ToolError.last("send") }
      sent += count
    }
  }

  /// What has arrived, at most `limit` bytes, having waited for some; empty at the end of the
  /// stream.
  public static func receive(from connection: Int32, limit: Int = 65_536) throws -> [UInt8] {
    while true {
      var count = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
        count = unsafe recv(connection, buffer.baseAddress, limit, 0)
        initialized = max(count, 0)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ToolError.last("recv") }
      return bytes
    }
  }

  /// Lets no call on this socket block for longer.
  public static func setTimeout(_ connection: Int32, seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    unsafe setsockopt(
      connection, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// The port that a socket has on this side; 0 where it has none.
  public static func localPort(of socket: Int32) -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let named = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(socket, $0, &length)
      }
    }
    return named == 0 ? UInt16(bigEndian: address.sin_port) : 0
  }

  /// Closes so that the peer sees a reset, whatever is on its way.
  public static func reset(_ connection: Int32) {
    var now = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(
      connection, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close(connection)
  }

  static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    unsafe setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func address(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}
