internal import Glibc
internal import ProxyCore
internal import RESPFront

/// The running proxy: its loops, and the fronts on them.
struct Server {
  private let loops: [LoopThread]
  private let proxy: Proxy
  private let resp: RESPFront

  /// Why it could not start: one line for people.
  struct Failure: Error, CustomStringConvertible {
    let description: String
    /// Whether the configuration is to blame.
    var isMisconfiguration = false
  }

  init(_ configuration: Configuration) throws(Failure) {
    let address = try Self.resolve(configuration)
    var loops: [LoopThread] = []
    do throws(SystemError) {
      for _ in 0..<configuration.threads { loops.append(try LoopThread(name: "proxyd-loop")) }
    } catch {
      throw Failure(description: "THREADS: \(configuration.threads) loops cannot start: \(error)")
    }
    self.loops = loops
    do throws(SystemError) {
      proxy = try Proxy(ProxySettings(url: configuration.redis), loops: loops)
      resp = try RESPFront(
        on: address, loops: loops, proxy: proxy,
        options: RESPOptions(greeting: ServerGreeting(version: Self.redisVersion)))
    } catch {
      throw Failure(
        description: error.code == EADDRINUSE
          ? "RESP_PORT: \(address) is in use already"
          : "RESP_HOST and RESP_PORT: cannot listen on \(address): \(error)")
    }
  }

  /// What `HELLO` says until links tell the version of the Redis in use: the oldest that has all that
  /// is answered here.
  private static let redisVersion = "7.0.0"

  var description: String { "RESP on \(resp.address), \(loops.count) loops" }

  /// Ends everything and waits for it.
  func stop() {
    proxy.close()
    for loop in loops { loop.stop() }
    for loop in loops { loop.join() }
  }

  private static func resolve(_ configuration: Configuration) throws(Failure) -> SocketAddress {
    let host = configuration.respHost
    let port = configuration.respPort
    if let address = SocketAddress(numeric: host, port: port) { return address }
    do throws(ResolutionError) {
      if let address = try SocketAddress.resolve(host, port: port).first { return address }
    } catch {
      throw Failure(description: "RESP_HOST: \(error)", isMisconfiguration: true)
    }
    throw Failure(description: "RESP_HOST: \(host) has no address", isMisconfiguration: true)
  }
}
