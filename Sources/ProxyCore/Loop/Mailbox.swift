/// Where any thread leaves messages for one loop. Each sender's messages arrive in the order sent.
///
/// `send` is O(1) and writes to the kernel only when the loop is asleep and was not woken
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
