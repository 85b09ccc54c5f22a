package import ProxyCore

/// The door for RESP clients: a listener, and a session for each who comes.
package struct RESPFront: Sendable {
  /// Where it listens, its port included when it was the kernel that chose it.
  package let address: SocketAddress

  /// Listens on `address`, on the first of `loops`, and deals the clients to all of them. The loops' end is
  /// the front's.
  package init(
    on address: SocketAddress, loops: [LoopThread], greeting: ServerGreeting,
    identifiers: ClientIdentifiers = ClientIdentifiers()
  ) throws(SystemError) {
    precondition(!loops.isEmpty, "a front needs a loop")
    let intakes = loops.compactMap { loop in
      loop.perform { loop in
        loop.makeIntake { connection in
          connection.outputBytesMax = Limits.sessionOutputBytesMax
          return RESPSession(id: identifiers.next(), greeting: greeting)
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
