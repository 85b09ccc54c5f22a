internal import CLinux
internal import Glibc

/// Where a TCP socket listens or leads to: a numeric address and a port.
package struct SocketAddress: Hashable, Sendable {
  enum Host: Hashable, Sendable {
    /// In network order.
    case v4(UInt32)
    /// The halves as they lie in memory.
    case v6(first: UInt64, second: UInt64, scope: UInt32)
  }

  let host: Host
  package var port: UInt16

  /// From text such as `127.0.0.1` or `::1`; nil where it is not a numeric address.
  package init?(numeric text: String, port: UInt16) {
    self.port = port
    var v4 = in_addr()
    var v6 = in6_addr()
    if unsafe inet_pton(AF_INET, text, &v4) == 1 {
      host = .v4(v4.s_addr)
    } else if unsafe inet_pton(AF_INET6, text, &v6) == 1 {
      host = Self.host(v6, scope: 0)
    } else {
      return nil
    }
  }

  package static func loopback(port: UInt16 = 0) -> SocketAddress {
    SocketAddress(host: .v4(loopbackInNetworkOrder), port: port)
  }

  /// What a system call wrote; nil where it is neither IPv4 nor IPv6.
  init?(_ storage: sockaddr_storage) {
    var storage = storage
    switch Int32(storage.ss_family) {
    case AF_INET:
      let v4 = unsafe withUnsafeBytes(of: &storage) { unsafe $0.load(as: sockaddr_in.self) }
      self.init(host: .v4(v4.sin_addr.s_addr), port: UInt16(bigEndian: v4.sin_port))
    case AF_INET6:
      let v6 = unsafe withUnsafeBytes(of: &storage) { unsafe $0.load(as: sockaddr_in6.self) }
      self.init(
        host: Self.host(v6.sin6_addr, scope: v6.sin6_scope_id),
        port: UInt16(bigEndian: v6.sin6_port))
    default:
      return nil
    }
  }

  init(host: Host, port: UInt16) {
    self.host = host
    self.port = port
  }

  var family: Int32 {
    switch host {
    case .v4: AF_INET
    case .v6: AF_INET6
    }
  }

  /// Whether it is this machine and no network.
  package var isLoopback: Bool {
    switch host {
    case .v4(let address): UInt32(bigEndian: address) >> 24 == 127
    case .v6(let first, let second, _): first == 0 && UInt64(bigEndian: second) == 1
    }
  }

  var isWildcardV6: Bool { host == .v6(first: 0, second: 0, scope: 0) }

  /// Calls `body` with this address in the kernel's form.
  func withKernelForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch host {
    case .v4(let address):
      var form = sockaddr_in()
      form.sin_family = sa_family_t(AF_INET)
      form.sin_port = port.bigEndian
      form.sin_addr.s_addr = address
      return unsafe withUnsafePointer(to: &form) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    case .v6(let first, let second, let scope):
      var form = sockaddr_in6()
      form.sin6_family = sa_family_t(AF_INET6)
      form.sin6_port = port.bigEndian
      form.sin6_scope_id = scope
      unsafe withUnsafeMutableBytes(of: &form.sin6_addr) {
        unsafe $0.storeBytes(of: first, as: UInt64.self)
        unsafe $0.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
      }
      return unsafe withUnsafePointer(to: &form) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
  }

  /// IPv4 clients of a listener for both families arrive as `::ffff:1.2.3.4`; people know them as
  /// 1.2.3.4.
  private static func host(_ address: in6_addr, scope: UInt32) -> Host {
    var address = address
    let (first, second) = unsafe withUnsafeBytes(of: &address) {
      unsafe (
        $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      )
    }
    let low = UInt64(bigEndian: second)
    if first == 0, low >> 32 == 0xFFFF {
      return .v4(UInt32(truncatingIfNeeded: low).bigEndian)
    }
    return .v6(first: first, second: second, scope: scope)
  }
}

extension SocketAddress: CustomStringConvertible {
  /// As Redis and URLs write it: `127.0.0.1:6379`, `[::1]:6379`.
  package var description: String {
    if case .v6 = host { return "[\(numericHost)]:\(port)" }
    return "\(numericHost):\(port)"
  }

  /// The address alone.
  package var numericHost: String {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    unsafe withKernelForm { form, length in
      _ = unsafe getnameinfo(
        form, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    }
    let end = text.firstIndex(of: 0) ?? text.endIndex
    return String(decoding: text[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension SocketAddress {
  /// The addresses of a name, in the order in which they should be tried. Blocks, perhaps for many
  /// seconds, so it is not for a loop's thread.
  package static func resolve(
    _ host: String, port: UInt16
  ) throws(ResolutionError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &list)
    if code != 0 { throw ResolutionError(host: host, code: code) }
    defer { unsafe freeaddrinfo(list) }
    var found: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let form = unsafe entry.pointee.ai_addr {
        var storage = sockaddr_storage()
        let length = min(Int(unsafe entry.pointee.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
        unsafe memcpy(&storage, form, length)
        if var address = SocketAddress(storage) {
          address.port = port
          found.append(address)
        }
      }
      unsafe next = entry.pointee.ai_next
    }
    return found
  }
}

private let loopbackInNetworkOrder = UInt32(0x7F00_0001).bigEndian
