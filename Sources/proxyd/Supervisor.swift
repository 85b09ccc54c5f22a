internal import Glibc

/// systemd, or a service manager like it: is told how far the program is, and may have opened its sockets.
struct Supervisor {
  /// The address that it is told at; nil without a service manager.
  private let place: [UInt8]?
  /// Sockets that listen already, by the names of their fronts.
  let sockets: [String: Int32]

  /// Reads what the environment says, and removes it, so that no child takes it for its own.
  static func fromEnvironment() throws(ConfigurationError) -> Supervisor {
    let place = take("NOTIFY_SOCKET")
    let identifier = take("LISTEN_PID")
    let count = take("LISTEN_FDS")
    let names = take("LISTEN_FDNAMES")
    var sockets: [String: Int32] = [:]
    if let count, identifier == "\(getpid())" {
      sockets = try Self.sockets(count: count, names: names ?? "")
    }
    return Supervisor(place: place.map { Array($0.utf8) }, sockets: sockets)
  }

  private init(place: [UInt8]?, sockets: [String: Int32]) {
    self.place = place
    self.sockets = sockets
  }

  private static func take(_ name: String) -> String? {
    defer { unsafe unsetenv(name) }
    return unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// The first of systemd's descriptors: `SD_LISTEN_FDS_START`.
  private static let firstDescriptor: Int32 = 3

  /// - Parameters:
  ///   - count: `LISTEN_FDS`.
  ///   - names: `LISTEN_FDNAMES`, with colons between them.
  static func sockets(count: String, names: String) throws(ConfigurationError) -> [String: Int32] {
    let names = names.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    var sockets: [String: Int32] = [:]
    for (index, name) in names.enumerated() where name == "http" || name == "resp" {
      sockets[name] = firstDescriptor + Int32(clamping: index)
    }
    guard let count = Int(count), count == names.count, sockets.count == count else {
      throw ConfigurationError(
        "LISTEN_FDNAMES: there may be two sockets, http and resp (FileDescriptorName=), not "
          + quoted(names.joined(separator: ":")), .environment)
    }
    return sockets
  }

  // MARK: What it is told

  func tellReady(_ status: String) { tell("READY=1\nSTATUS=\(status)") }
  func tellStopping() { tell("STOPPING=1") }

  /// Settings are read again; `tellReady` is to follow.
  func tellReloading() {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    tell("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)")
  }

  /// Errors are ignored: the service manager is gone then.
  private func tell(_ message: String) {
    var address = sockaddr_un()
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard let place, let first = place.first, place.count < room else { return }
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: place) }
    // An abstract place begins with a zero, which is written as an @.
    if first == UInt8(ascii: "@") { address.sun_path.0 = 0 }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if descriptor < 0 { return }
    defer { close(descriptor) }
    let length = MemoryLayout<sockaddr_un>.size - room + place.count
    let text = Array(message.utf8)
    unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = unsafe sendto(
          descriptor, text, text.count, Int32(MSG_NOSIGNAL), address, socklen_t(length))
      }
    }
  }
}
