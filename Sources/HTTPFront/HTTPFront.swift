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
          proxy.lane(on: loop).flatMap { desk.admit(connection, to: $0) }
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
