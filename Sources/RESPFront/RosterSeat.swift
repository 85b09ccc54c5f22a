internal import ProxyCore

/// Where a roster sits, as other threads know it.
// Unchecked because of `roster`, which is touched on its own loop only; all else is constant.
final class RosterSeat: @unchecked Sendable {
  let mailbox: Mailbox<RosterMessage>
  private final class SeatedRoster { var roster: ClientRoster? }
  private let occupant: SeatedRoster

  var roster: ClientRoster? {
    get { occupant.roster }
    set { occupant.roster = newValue }
  }

  init(on loop: EventLoop) {
    let occupant = SeatedRoster()
    self.occupant = occupant
    // What waits in it is bounded: a client has one survey under way, a survey one message to each
    // loop, and a part for each slice of clients from it.
    mailbox = loop.makeMailbox(capacity: .max) { message, now in
      occupant.roster?.receive(message, now: now)
    }
  }
}
