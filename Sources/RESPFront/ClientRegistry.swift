internal import ProxyCore

/// All clients of a front, wherever they are: a roster on each loop, touched by nobody else. Who asks about
/// all of them asks each roster by mail, so that neither coming and going nor a request costs a lock.
///
/// ```
///   CLIENT LIST ─▶ roster of the client's loop ─┬─▶ survey ─▶ every roster, slice by slice ─┐
///                  reply in its place ◀─────────┴─────────────── parts ◀───────────────────┘
/// ```
final class ClientRegistry: Sendable {
  let seats: [RosterSeat]

  init(on loops: [LoopThread]) {
    seats = loops.compactMap { loop in loop.perform { RosterSeat(on: $0) } }
  }
}

/// Where a roster sits, as other threads know it.
// Unchecked because of `roster`, which is touched on its own loop only; all else is constant.
final class RosterSeat: @unchecked Sendable {
  let mailbox: Mailbox<RosterMessage>
  private final class Occupant { var roster: ClientRoster? }
  private let occupant: Occupant

  var roster: ClientRoster? {
    get { occupant.roster }
    set { occupant.roster = newValue }
  }

  init(on loop: EventLoop) {
    let occupant = Occupant()
    self.occupant = occupant
    // What waits in it is bounded: a client has one survey under way, a survey one message to each
    // loop, and a part for each slice of clients from it.
    mailbox = loop.makeMailbox(capacity: .max) { message, now in
      occupant.roster?.receive(message, now: now)
    }
  }
}
