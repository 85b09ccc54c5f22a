/// Replies that are handed over together. It belongs to the loop as soon as it was sent there.
@safe
final class SeveralReplies {
  private var task: UnsafeContinuation<[RESPValue], any Error>?
  private var replies: [RESPValue] = []
  private let count: Int

  init(_ count: Int, for task: UnsafeContinuation<[RESPValue], any Error>) {
    self.count = count
    unsafe self.task = unsafe task
  }

  /// Whether a reply has come, and the rest of the requests may have been executed too.
  var hasBegun: Bool { !replies.isEmpty }

  func add(_ reply: RESPValue) {
    guard unsafe task != nil else { return }
    if replies.isEmpty { replies.reserveCapacity(count) }
    replies.append(reply)
    if replies.count == count, let waiting = unsafe task.take() {
      unsafe waiting.hand(replies)
    }
  }

  func fail(_ error: any Error) {
    if let waiting = unsafe task.take() { unsafe waiting.hand(error: error) }
    replies = []
  }
}
