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

extension FileDescriptor {
  /// Which way to shut a connection.
  enum Direction: Int32 {
    case reading, writing, both
  }
}
