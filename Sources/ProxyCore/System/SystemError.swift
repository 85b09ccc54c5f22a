internal import CLinux
internal import Glibc

/// A system call that failed: which one, and why.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call's name, as in its manual page.
  public let call: StaticString
  /// The value of `errno` after it.
  public let code: Int32

  init(_ call: StaticString, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  /// Whether the same call failed for the same reason.
  public static func == (left: SystemError, right: SystemError) -> Bool {
    left.code == right.code && left.call.description == right.call.description
  }

  /// For people: `bind: Address already in use`.
  public var description: String {
    "\(call): \(unsafe String(cString: strerror(code)))"
  }
}

/// Calls `body` until a signal does not interrupt it. A negative result is an error.
func retryingInterrupts<Result: SignedInteger>(
  _ call: StaticString, _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw SystemError(call, code: code) }
  }
}
