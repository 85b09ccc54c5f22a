/// A connection in the queues of its loop's turn, which do not count references to it: it is there until the
/// close phase of a turn at least, and a little longer where a queue still names it.
@safe
struct Guest {
  private let reference: Unmanaged<Connection>

  init(_ connection: Connection) { unsafe reference = .passUnretained(connection) }

  /// Has the processor fetch what will be visited next, while it is at work for another one.
  func prefetch() {
    unsafe reference._withUnsafeGuaranteedRef { PrefetchPlace($0).prefetch(lines: 3) }
  }

  /// Calls `body` with the connection, which stays for as long as that takes.
  func visit(_ body: (Connection) -> Void) {
    unsafe reference._withUnsafeGuaranteedRef { body($0) }
  }
}
