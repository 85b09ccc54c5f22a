import Glibc
import Testing

/// A redis-server of a test's own, on a free port, ended with it.
final class RealRedis {
  private let process: pid_t
  private let port: UInt16

  /// Nil where redis-server is not installed.
  init?(_ options: [String] = []) {
    guard let port = Self.freePort() else { return nil }
    let words =
      [
        "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly",
        "no",
        "--logfile", "/dev/null", "--dir", "/tmp",
      ] + options
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var process: pid_t = 0
    let status = unsafe posix_spawnp(&process, "redis-server", nil, nil, &arguments, environ)
    guard status == 0 else { return nil }
    self.process = process
    self.port = port
    for _ in 0..<200 {
      if let socket = connect() {
        close(socket)
        return
      }
      usleep(20_000)
    }
    Issue.record("redis-server was started on port \(port) but does not answer")
    return nil
  }

  deinit {
    kill(process, SIGKILL)
    waitpid(process, nil, 0)
  }

  /// All that the server answers to `input` on a connection that ends after it.
  func reply(to input: [UInt8]) -> [UInt8]? {
    guard let socket = connect() else { return nil }
    defer { close(socket) }
    var sent = 0
    while sent < input.count {
      let count = unsafe input.withUnsafeBytes { bytes in
        unsafe send(
          socket, bytes.baseAddress.map { unsafe $0 + sent }, input.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { break }
      sent += count
    }
    shutdown(socket, Int32(SHUT_WR))
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe recv(socket, &chunk, chunk.count, 0)
      if count <= 0 { return output }
      output += chunk[..<count]
    }
  }

  private func connect() -> Int32? {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(port)
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe Glibc.connect(socket, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if status == 0 { return socket }
    close(socket)
    return nil
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func freePort() -> UInt16? {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(socket, generic, length) == 0 ? getsockname(socket, generic, &length) : -1
      }
    }
    return status == 0 ? UInt16(bigEndian: address.sin_port) : nil
  }
}
