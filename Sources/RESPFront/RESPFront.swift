package import ProxyCore

/// The door for RESP clients: a listener, and a session for each who comes.
package struct RESPFront: Sendable {
  /// Where it listens, its port included when it was the kernel that chose it.
  package let address: SocketAddress

  /// Listens on `address`, on the first of the proxy's `loops`, and deals the clients to all of them. The
  /// loops' end is the front's.
  package init(
    on address: SocketAddress, loops: [LoopThread], proxy: Proxy, options: RESPOptions
  ) throws(SystemError) {
    precondition(!loops.isEmpty, "a front needs a loop")
    let registry = ClientRegistry(on: loops)
    let intakes = loops.indices.compactMap { index in
      loops[index].perform { loop in
        if let lane = proxy.lane(on: loop) {
          registry.seats[index].roster = ClientRoster(
            registry, index: index, lane: lane, options: options)
        }
        return loop.makeIntake { registry.seats[index].roster?.admit($0) }
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
