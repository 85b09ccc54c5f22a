internal import Glibc
internal import HTTPFront
internal import ProxyCore
internal import RESPFront

/// The running proxy: its loops, and the fronts on them.
struct Server {
  private let loops: [LoopThread]
  private let proxy: Proxy
  private let http: HTTPFront?
  private let resp: RESPFront?

  /// Why it could not start: one line for people.
  struct Failure: Error, CustomStringConvertible {
    let description: String
    /// Whether the configuration is to blame.
    var isMisconfiguration = false
  }

  init(_ configuration: Configuration) throws(Failure) {
    let httpPlace = Place("HTTP", configuration.httpHost, configuration.httpPort)
    let respPlace = Place("RESP", configuration.respHost, configuration.respPort)
    let httpAddress = try httpPlace.resolve()
    let respAddress = try respPlace.resolve()
    var loops: [LoopThread] = []
    do throws(SystemError) {
      for _ in 0..<configuration.threads { loops.append(try LoopThread(name: "proxyd-loop")) }
    } catch {
      throw Failure(description: "THREADS: \(configuration.threads) loops cannot start: \(error)")
    }
    self.loops = loops
    let proxy: Proxy
    do throws(SystemError) {
      proxy = try Proxy(configuration.proxy, loops: loops)
    } catch {
      throw Failure(description: "the resolver cannot start: \(error)")
    }
    self.proxy = proxy
    http = try httpPlace.listen(httpAddress) { address throws(SystemError) in
      try HTTPFront(on: address, loops: loops, proxy: proxy, options: configuration.http)
    }
    resp = try respPlace.listen(respAddress) { address throws(SystemError) in
      try RESPFront(
        on: address, loops: loops, proxy: proxy,
        options: configuration.resp(greeting: ServerGreeting(version: Self.redisVersion)))
    }
  }

  /// What `HELLO` says until links tell the version of the Redis in use: the oldest that has all that
  /// is answered here.
  private static let redisVersion = "7.0.0"

  var description: String {
    let fronts = [http.map { "HTTP on \($0.address)" }, resp.map { "RESP on \($0.address)" }]
    return (fronts.compactMap(\.self) + ["\(loops.count) loops"]).joined(separator: ", ")
  }

  /// Ends everything and waits for it.
  func stop() {
    proxy.close()
    for loop in loops { loop.stop() }
    for loop in loops { loop.join() }
  }
}

/// Where a front is to listen, and how its settings are called.
private struct Place {
  private let name: String
  private let host: String
  private let port: UInt16

  init(_ name: String, _ host: String, _ port: UInt16) {
    self.name = name
    self.host = host
    self.port = port
  }

  /// nil where the front is off.
  func resolve() throws(Server.Failure) -> SocketAddress? {
    if port == 0 { return nil }
    if let address = SocketAddress(numeric: host, port: port) { return address }
    do throws(ResolutionError) {
      if let address = try SocketAddress.resolve(host, port: port).first { return address }
    } catch {
      throw Server.Failure(description: "\(name)_HOST: \(error)", isMisconfiguration: true)
    }
    throw Server.Failure(
      description: "\(name)_HOST: \(host) has no address", isMisconfiguration: true)
  }

  func listen<Front>(
    _ address: SocketAddress?, _ make: (SocketAddress) throws(SystemError) -> Front
  ) throws(Server.Failure) -> Front? {
    guard let address else { return nil }
    do throws(SystemError) {
      return try make(address)
    } catch {
      throw Server.Failure(
        description: error.code == EADDRINUSE
          ? "\(name)_PORT: \(address) is in use already"
          : "\(name)_HOST and \(name)_PORT: cannot listen on \(address): \(error)")
    }
  }
}
