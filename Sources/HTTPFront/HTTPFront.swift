internal import HTTP
package import ProxyCore

/// The door for HTTP clients: a listener, and a session for each who comes.
package struct HTTPFront: Sendable {
  /// Where it listens, its port included when it was the kernel that chose it.
  package let address: SocketAddress
  private let desks: [Mailbox<HTTPOptions>]

  /// Listens on `address`, on the first of the proxy's `loops`, and deals the clients to all of
  /// them. The loops' end is the front's. With the number of an `inherited` socket it listens on that
  /// one.
  package init(
    on address: SocketAddress, inherited: Int32? = nil, loops: [LoopThread], proxy: Proxy,
    options: HTTPOptions
  ) throws(SystemError) {
    precondition(!loops.isEmpty, "a front needs a loop")
    let places = loops.compactMap { loop in
      loop.perform { loop in
        let desk = HTTPDesk(options, now: loop.now)
        let intake = loop.makeIntake { [unowned loop] connection in
          proxy.worker(on: loop).flatMap { desk.admit(connection, to: $0) }
        }
        let mailbox = loop.makeMailbox(capacity: Limits.httpOptionsMailMax) { options, now in
          desk.update(options, now: now)
        }
        return (intake, mailbox)
      }
    }
    desks = places.map(\.1)
    let intakes = places.map(\.0)
    let outcome = loops[0].perform { loop in
      Result { () throws(SystemError) in
        try loop.listen(on: address, inherited: inherited, dealingTo: intakes).address
      }
    }
    self.address = try outcome?.get() ?? address
  }

  /// Treats clients so from now on, but for the origins that they may come from, which stay.
  package func update(_ options: HTTPOptions) {
    for desk in desks { _ = desk.send(options) }
  }
}
