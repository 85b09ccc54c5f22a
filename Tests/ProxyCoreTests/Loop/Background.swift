import Testing

@testable import ProxyCore

/// A thread that does one thing, for peers that would block the test's own.
struct Background: ~Copyable {
  private let thread: LoopThread
  private let outcome = OneShot<Bool>()

  init(_ work: @escaping @Sendable () throws -> Void) throws {
    thread = try LoopThread(name: "peer")
    let outcome = outcome
    let posted = thread.remote.post { _ in
      var succeeded = false
      do {
        try work()
        succeeded = true
      } catch { Issue.record(error) }
      outcome.fulfil(succeeded)
    }
    #expect(posted)
  }

  borrowing func join() {
    #expect(outcome.wait())
    thread.stop()
    thread.join()
  }
}
