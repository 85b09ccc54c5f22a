/// Where a worker sits, as other threads know it.
// Unchecked because of `worker`, which is touched on its own loop only; all else is constant.
final class WorkerSeat: @unchecked Sendable {
  let remote: LoopRemote
  let mailbox: Mailbox<WorkerMessage>
  var worker: Worker? {
    get { occupant.worker }
    set { occupant.worker = newValue }
  }

  private final class SeatedWorker { var worker: Worker? }
  private let occupant: SeatedWorker

  init(on loop: EventLoop) {
    remote = loop.remote
    let occupant = SeatedWorker()
    self.occupant = occupant
    // What waits in it is bounded by what is under way: reads, permits and fences each have a limit of
    // their own, and one message or two.
    mailbox = loop.makeMailbox(capacity: .max) { message, now in
      if let worker = occupant.worker {
        worker.receive(message, now: now)
      } else if case .perform(let work) = message {
        work(nil, now)
      }
    }
  }
}
