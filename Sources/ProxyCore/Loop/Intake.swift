internal import Synchronization

/// Where one loop takes in connections that were accepted elsewhere.
package final class Intake: Sendable {
  /// A descriptor on its way, closed if it is dropped unopened.
  final class Newcomer: @unchecked Sendable {
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

  private let mailbox: Mailbox<Newcomer>
  private let count = Atomic<Int>(0)

  init(_ mailbox: Mailbox<Newcomer>) { self.mailbox = mailbox }

  /// Connections that it has or that are on their way to it.
  package var connectionCount: Int { count.load(ordering: .relaxed) }

  /// From any thread. Nil when it was taken; the descriptor again when there was no room for it.
  func offer(_ descriptor: consuming FileDescriptor, _ peer: SocketAddress?) -> FileDescriptor? {
    count.wrappingAdd(1, ordering: .relaxed)
    let arrival = Newcomer(descriptor, peer)
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
      [unowned self] (arrival: Intake.Newcomer, _) in
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
