/// Lines that wait for the thread that writes them. Adding never waits for it: what does not fit
/// is counted instead. From any thread.
package final class LineQueue: Sendable {
  private struct QueuedLines: ~Copyable {
    var lines = ByteBuffer()
    var clock = LineClock()
    var lost = 0

    mutating func add(_ body: (inout ByteBuffer, inout LineClock) -> Void) { body(&lines, &clock) }

    mutating func exchange(for empty: inout ByteBuffer) -> Int {
      swap(&lines, &empty)
      defer { lost = 0 }
      return lost
    }
  }

  private let bytesMax: Int
  private let wake: @Sendable () -> Void
  private let lock = Lock()
  // Unsafe because the compiler cannot see that only those who hold the lock touch it.
  private nonisolated(unsafe) var content = QueuedLines()

  /// - Parameters:
  ///   - bytesMax: What may wait, a line that begins within it included.
  ///   - wake: Called when the first line has come, on the thread that has added it.
  package init(bytesMax: Int, wake: @escaping @Sendable () -> Void) {
    self.bytesMax = bytesMax
    self.wake = wake
  }

  /// Adds what `body` writes, which is a line with its end of `Limits.logLineBytesMax` bytes at most.
  /// False: it was counted instead.
  @discardableResult
  package func add(_ body: (inout ByteBuffer, inout LineClock) -> Void) -> Bool {
    lock.acquire()
    let count = unsafe content.lines.count
    let hasRoom = count <= bytesMax - Limits.logLineBytesMax
    if hasRoom {
      unsafe content.add(body)
    } else {
      unsafe content.lost += 1
    }
    lock.release()
    if hasRoom && count == 0 { wake() }
    return hasRoom
  }

  /// Exchanges the lines for an empty buffer; says how many did not fit since the last time.
  func exchange(for empty: inout ByteBuffer) -> Int {
    assert(empty.isEmpty, "lines would be written twice")
    lock.acquire()
    defer { lock.release() }
    return unsafe content.exchange(for: &empty)
  }
}
