internal import Glibc
internal import ProxyCore

/// Where a front listens, and how its settings are called.
struct Place {
  let name: String
  private let host: String
  private let port: UInt16
  /// The number of a socket that listens already.
  private let inherited: Int32?

  init(_ name: String, _ host: String, _ port: UInt16, inherited: Int32?) {
    self.name = name
    self.host = host
    self.port = port
    self.inherited = inherited
  }

  /// nil where the front is off.
  func resolve() throws(Server.StartFailure) -> SocketAddress? {
    if inherited != nil { return .loopback() }
    if port == 0 { return nil }
    if let address = SocketAddress(numeric: host, port: port) { return address }
    do throws(ResolutionError) {
      if let address = try SocketAddress.resolve(host, port: port).first { return address }
    } catch {
      throw Server.StartFailure(description: "\(name)_HOST: \(error)", isMisconfiguration: true)
    }
    throw Server.StartFailure(
      description: "\(name)_HOST: \(host) has no address", isMisconfiguration: true)
  }

  func listen<Front>(
    _ address: SocketAddress?, _ make: (SocketAddress, Int32?) throws(SystemError) -> Front
  ) throws(Server.StartFailure) -> Front? {
    guard let address else { return nil }
    do throws(SystemError) {
      return try make(address, inherited)
    } catch {
      throw Server.StartFailure(description: refusal(of: address, because: error))
    }
  }

  /// One line: what is wrong, and what can be done about it.
  func refusal(of address: SocketAddress, because error: SystemError) -> String {
    if inherited != nil {
      return "LISTEN_FDS: the socket \(name.lowercased()) does not listen for TCP: \(error)"
    }
    return switch error.code {
    case EADDRINUSE: "\(name)_PORT: \(address) is in use already"
    case EACCES:
      "\(name)_PORT: \(address) is for those with more rights: take a port above 1023, or give"
        + " proxyd CAP_NET_BIND_SERVICE"
    case EADDRNOTAVAIL: "\(name)_HOST: \(address.numericHost) is no address of this machine"
    default: "\(name)_HOST and \(name)_PORT: cannot listen on \(address): \(error)"
    }
  }
}
