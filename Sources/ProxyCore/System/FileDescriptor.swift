internal import Glibc

/// A file descriptor that is closed when its owner lets go of it: exactly once, and by nobody else.
package struct FileDescriptor: ~Copyable, Sendable {
  /// The kernel's number; negative once closed.
  package private(set) var number: Int32

  /// Takes over a number that nobody else will close.
  package init(owning number: Int32) { self.number = number }

  deinit { if number >= 0 { _ = Glibc.close(number) } }

  package var isOpen: Bool { number >= 0 }

  /// Closes now rather than at the end of the owner's life. An error is of no use to anybody: Linux
  /// has freed the number whatever `close` says, which is also why it is not tried again after a
  /// signal.
  package mutating func close() {
    if number >= 0 { _ = Glibc.close(number) }
    number = -1
  }

  /// Hands the number to an owner outside of this type.
  package consuming func relinquish() -> Int32 {
    let number = number
    discard self
    return number
  }

  /// A second number for the same file.
  func duplicate() throws(SystemError) -> FileDescriptor {
    let number = number
    return FileDescriptor(owning: try retryingInterrupts("dup") { dup(number) })
  }
}

/// How many files this process may have open.
package enum FileDescriptorLimit {
  /// The limit in force and the one up to which it may be raised without privileges.
  package static func current() throws(SystemError) -> (soft: Int, hard: Int) {
    var limit = rlimit()
    _ = try retryingInterrupts("getrlimit") {
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// Raises the limit to `wanted`, or as near as is allowed. Returns what is then in force.
  package static func raise(to wanted: Int) throws(SystemError) -> Int {
    let (soft, hard) = try current()
    let raised = min(wanted, hard)
    if raised <= soft { return soft }
    try set(soft: raised, hard: hard)
    return raised
  }

  static func set(soft: Int, hard: Int) throws(SystemError) {
    var limit = rlimit(rlim_cur: rlim_t(clamping: soft), rlim_max: rlim_t(clamping: hard))
    _ = try retryingInterrupts("setrlimit") {
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
  }
}
