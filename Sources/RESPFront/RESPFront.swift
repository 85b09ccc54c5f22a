package import ProxyCore

/// The door for RESP clients: a listener, and a session for each who comes.
package struct RESPFront: Sendable {
  /// Where it listens, its port included when it was the kernel that chose it.
  package let address: SocketAddress
  private let registry: ClientRegistry

  /// Listens on `address`, on the first of the proxy's `loops`, and deals the clients to all of them. The
  /// loops' end is the front's. With the number of an `inherited` socket it listens on that one.
  package init(
    on address: SocketAddress, inherited: Int32? = nil, loops: [LoopThread], proxy: Proxy,
    options: RESPOptions
  ) throws(SystemError) {
    precondition(!loops.isEmpty, "a front needs a loop")
    let registry = ClientRegistry(on: loops)
    self.registry = registry
    let intakes = loops.indices.compactMap { index in
      loops[index].perform { loop in
        if let worker = proxy.worker(on: loop) {
          registry.seats[index].roster = ClientRoster(
            registry, index: index, worker: worker, options: options)
        }
        return loop.makeIntake { registry.seats[index].roster?.admit($0) }
      }
    }
    let outcome = loops[0].perform { loop in
      Result { () throws(SystemError) in
        try loop.listen(on: address, inherited: inherited, dealingTo: intakes).address
      }
    }
    self.address = try outcome?.get() ?? address
  }

  /// Treats clients so from now on: those who are there already as well, but for the order of their
  /// commands and what they may leave unread.
  package func update(_ options: RESPOptions) {
    for seat in registry.seats { _ = seat.mailbox.send(.options(options)) }
  }
}
