/// Why a connection is no more.
package enum CloseReason: Equatable, Sendable {
  /// This side wanted it.
  case requested
  /// The peer let go without a proper end, or the network did.
  case failed(SystemError)
  /// An outgoing connection could not be made.
  case connectFailed(SystemError)
  case connectTimedOut
  /// The peer sent more of one request than is allowed.
  case inputLimit
  /// The peer did not read its answers.
  case outputLimit
  /// The loop has ended.
  case loopStopped
}
