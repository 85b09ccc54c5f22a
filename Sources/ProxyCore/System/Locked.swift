/// Something that any thread may touch, one at a time, for microseconds.
package final class Locked<Content: Sendable>: Sendable {
  private let lock = Lock()
  // Unsafe because the compiler cannot see that only `withLock` touches it, which holds the lock.
  private nonisolated(unsafe) var content: Content

  package init(_ content: Content) { unsafe self.content = content }

  package func withLock<Result>(_ body: (inout Content) -> Result) -> Result {
    lock.acquire()
    defer { lock.release() }
    return unsafe body(&content)
  }
}
