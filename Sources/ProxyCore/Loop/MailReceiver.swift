/// Belongs to a loop; hands each message of a mailbox to a closure there.
final class MailReceiver<Message: Sendable>: MailSource {
  let mailbox: Mailbox<Message>
  private let receive: (Message, Moment) -> Void
  private var arrived: [Message] = []
  private var delivered = 0

  init(_ mailbox: Mailbox<Message>, _ receive: @escaping (Message, Moment) -> Void) {
    self.mailbox = mailbox
    self.receive = receive
  }

  func deliver(now: Moment) -> Bool {
    let hadRest = !arrived.isEmpty
    if !hadRest { mailbox.exchange(for: &arrived) }
    let end = min(arrived.count, delivered + Limits.mailPerTurnMax)
    while delivered < end {
      let message = arrived[delivered]
      delivered += 1
      receive(message, now)
    }
    if delivered < arrived.count { return true }
    arrived.removeAll(keepingCapacity: arrived.count <= Limits.mailPerTurnMax)
    delivered = 0
    // A rest was delivered in place of what has arrived since, whose announcement has been taken.
    return hadRest
  }

  func finish(now: Moment) {
    mailbox.close()
    while deliver(now: now) {}
  }

  func close() {
    mailbox.close()
    arrived = []
    mailbox.exchange(for: &arrived)
    arrived = []
    delivered = 0
  }
}
