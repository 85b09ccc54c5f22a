package import ProxyCore

/// The door for HTTP clients: a listener, and a session for each who comes.
package struct HTTPFront: Sendable {
  /// Where it listens, its port included when it was the kernel that chose it.
  package let address: SocketAddress

  /// Listens on `address`, on the first of the proxy's `loops`, and deals the clients to all of
  /// them. The loops' end is the front's.
  package init(
    on address: SocketAddress, loops: [LoopThread], proxy: Proxy, options: HTTPOptions
  ) throws(SystemError) {
    precondition(!loops.isEmpty, "a front needs a loop")
    let intakes = loops.compactMap { loop in
      loop.perform { loop in
        let desk = HTTPDesk(options, now: loop.now)
        return loop.makeIntake { connection in
          guard let lane = proxy.lane(on: loop) else { return nil }
          connection.outputBytesMax = options.outputBytesMax
          return HTTPSession(desk: desk, lane: lane, connection: connection)
        }
      }
    }
    let outcome = loops[0].perform { loop in
      Result { () throws(SystemError) in
        try loop.listen(on: address, dealingTo: intakes).address
      }
    }
    self.address = try outcome?.get() ?? address
  }
}

/// What the sessions of one loop share.
final class HTTPDesk {
  let options: HTTPOptions
  @safe @exclusivity(unchecked) var writer: HTTPResponseWriter
  /// The key of the request at hand.
  @safe @exclusivity(unchecked) var key = ByteBuffer()
  /// Where responses go whose client has gone.
  let nowhere = OutputBuffer()

  init(_ options: HTTPOptions, now: Moment) {
    self.options = options
    writer = HTTPResponseWriter(options.settings, now: now)
  }
}
