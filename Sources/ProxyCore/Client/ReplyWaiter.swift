/// Who waits for the reply to a request. Each continuation is resumed once, by the thread that takes the
/// waiter out of where it stands: that is the loop's alone.
@safe
enum ReplyWaiter {
  /// The task is gone: the reply is dropped when it comes.
  case gone
  /// A task that wants a string or nothing.
  case string(UnsafeContinuation<[UInt8]?, any Error>)
  /// A task that wants whatever comes, but no error.
  case value(UnsafeContinuation<RESPValue, any Error>)
  /// A task that wants the replies to several requests, this being one of them.
  case several(SeveralReplies)

  /// Resumes the task with `error`; of several requests the first to fail decides.
  func fail(_ error: any Error) {
    switch self {
    case .gone: break
    case .string(let task): unsafe task.hand(error: error)
    case .value(let task): unsafe task.hand(error: error)
    case .several(let replies): replies.fail(error)
    }
  }
}
