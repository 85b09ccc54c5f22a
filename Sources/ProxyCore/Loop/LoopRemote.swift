internal import Synchronization

/// A loop as other threads see it.
package final class LoopRemote: Sendable {
  package let counters = LoopCounters()
  let waker: Waker
  let control: Mailbox<@Sendable (EventLoop) -> Void>
  private let stopping = Atomic<Bool>(false)

  init() throws(SystemError) {
    waker = try Waker()
    control = Mailbox(waker: waker, capacity: Limits.controlMailMax)
  }

  /// Runs `work` on the loop: for control, not for requests. False when the loop has ended or too
  /// much waits already. What was accepted is run even if the loop is stopped before.
  package func post(_ work: @escaping @Sendable (EventLoop) -> Void) -> Bool {
    control.send(work)
  }

  /// Ends the loop after its present turn.
  package func stop() {
    stopping.store(true, ordering: .releasing)
    waker.wake()
  }

  var isStopping: Bool { stopping.load(ordering: .acquiring) }
}
