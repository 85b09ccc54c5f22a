/// Where any thread leaves messages for one loop. Each sender's messages arrive in the order sent.
///
/// `send` is O(1) and writes to the kernel only when the loop is asleep and nobody has woken it
/// yet.
package final class Mailbox<Message: Sendable>: @unchecked Sendable {
  // Unchecked because the compiler cannot see that `lock` guards `waiting` and `isClosed`.
  private let lock = Lock()
  private var waiting: [Message] = []
  private var isClosed = false
  private let waker: Waker
  private let capacity: Int

  init(waker: Waker, capacity: Int) {
    self.waker = waker
    self.capacity = capacity
  }

  /// Whether there was room and the loop still receives. A message that is refused is the sender's
  /// to answer for.
  package func send(_ message: Message) -> Bool {
    lock.acquire()
    let hasRoom = !isClosed && waiting.count < capacity
    if hasRoom { waiting.append(message) }
    lock.release()
    if hasRoom { waker.wake() }
    return hasRoom
  }

  /// Exchanges what has arrived for an empty array, whose memory the next senders use.
  func exchange(for empty: inout [Message]) {
    assert(empty.isEmpty, "messages would be delivered twice")
    lock.acquire()
    swap(&waiting, &empty)
    lock.release()
  }

  /// Refuses everything from now on.
  func close() {
    lock.acquire()
    isClosed = true
    lock.release()
  }
}

/// The receiving end of a mailbox, as a loop sees it.
protocol MailSource: AnyObject {
  /// Delivers a bounded number of messages. Returns whether some are left.
  func deliver(now: Moment) -> Bool
  /// Delivers all that has arrived and refuses the rest.
  func finish(now: Moment)
  /// Refuses and forgets.
  func close()
}

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
