/// Who waits for the reply to a request. Each continuation is resumed once, by whoever takes the
/// waiter out of where it stands: that is the loop's alone.
@safe
enum ReplyWaiter {
  /// Nobody any more: the reply is dropped when it comes.
  case nobody
  /// A task that wants a string or nothing.
  case string(UnsafeContinuation<[UInt8]?, any Error>)
  /// A task that wants whatever comes, but no error.
  case value(UnsafeContinuation<RESPValue, any Error>)
  /// A task that wants the replies to several requests, this being one of them.
  case several(SeveralReplies)

  /// Resumes the task with `error`; of several requests the first to fail decides.
  func fail(_ error: any Error) {
    switch self {
    case .nobody: break
    case .string(let task): unsafe task.hand(error: error)
    case .value(let task): unsafe task.hand(error: error)
    case .several(let replies): replies.fail(error)
    }
  }
}

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
