internal import Synchronization

/// Where one loop takes in connections that were accepted elsewhere.
package final class Intake: Sendable {
  /// A descriptor on its way. Whoever drops it unopened closes it.
  final class Arrival: @unchecked Sendable {
    // Unchecked because the descriptor is taken out once, by the loop that the mailbox leads to.
    private var descriptor: FileDescriptor
    let peer: SocketAddress?

    init(_ descriptor: consuming FileDescriptor, _ peer: SocketAddress?) {
      self.descriptor = descriptor
      self.peer = peer
    }

    func take() -> FileDescriptor {
      var taken = FileDescriptor(owning: -1)
      swap(&taken, &descriptor)
      return taken
    }
  }

  private let mailbox: Mailbox<Arrival>
  private let count = Atomic<Int>(0)

  init(_ mailbox: Mailbox<Arrival>) { self.mailbox = mailbox }

  /// Connections that it has or that are on their way to it.
  package var connectionCount: Int { count.load(ordering: .relaxed) }

  /// From any thread. Nil when it was taken; the descriptor again when there was no room for it.
  func offer(_ descriptor: consuming FileDescriptor, _ peer: SocketAddress?) -> FileDescriptor? {
    count.wrappingAdd(1, ordering: .relaxed)
    let arrival = Arrival(descriptor, peer)
    if mailbox.send(arrival) { return nil }
    release()
    return arrival.take()
  }

  /// One of its connections is no more.
  func release() { count.wrappingSubtract(1, ordering: .relaxed) }
}

extension EventLoop {
  /// An intake whose connections `handler` decides about, on this loop; nil refuses one.
  package func makeIntake(
    handler: @escaping (Connection) -> (any ConnectionHandler)?
  ) -> Intake {
    weak var intake: Intake?
    let mailbox = makeMailbox(capacity: Limits.intakeMailMax) {
      [unowned self] (arrival: Intake.Arrival, _) in
      guard let intake else { return }
      // What cannot be registered is closed, and its peer sees that.
      let adopted = try? adopt(arrival.take(), peer: arrival.peer, handler: handler)
      if let connection = adopted { connection.intake = intake } else { intake.release() }
    }
    let made = Intake(mailbox)
    intake = made
    return made
  }
}

/// Deals connections to the intake that has the fewest, in turns among equals.
final class Dealer {
  private let intakes: [Intake]
  private var next = 0

  init(_ intakes: [Intake]) { self.intakes = intakes }

  /// Whether anybody took it; otherwise it is closed. O(n), with n the number of loops.
  func deal(_ descriptor: consuming FileDescriptor, _ peer: SocketAddress?) -> Bool {
    var left = descriptor
    for _ in intakes {
      guard let chosen = choose() else { return false }
      guard let refused = chosen.offer(left, peer) else { return true }
      left = refused
    }
    return false
  }

  private func choose() -> Intake? {
    var chosen: Intake?
    var fewest = Int.max
    for offset in intakes.indices {
      let index = (next + offset) % intakes.count
      let count = intakes[index].connectionCount
      if count < fewest {
        fewest = count
        chosen = intakes[index]
        next = index + 1
      }
    }
    return chosen
  }
}
