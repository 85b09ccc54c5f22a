internal import Glibc
internal import Synchronization

/// A thread that runs one loop.
package final class LoopThread: Sendable {
  package let remote: LoopRemote
  private let thread: pthread_t
  private let wasJoined = Atomic<Bool>(false)

  /// Starts the thread, named for those who look at it from outside, with all signals blocked
  /// there. Returns when its loop is ready.
  package init(name: StaticString) throws(SystemError) {
    let remote = try LoopRemote()
    let start = Start(remote, name)
    self.remote = remote
    thread = try SystemThread.spawn { start.run() }
    if let error = start.outcome.wait() {
      pthread_join(thread, nil)
      throw error
    }
  }

  deinit {
    if wasJoined.load(ordering: .relaxed) { return }
    remote.stop()
    pthread_detach(thread)
  }

  /// Runs `work` on the loop and waits for its result; nil when the loop has ended. Not from a
  /// loop.
  package func perform<Result: Sendable>(
    _ work: @escaping @Sendable (EventLoop) -> Result
  ) -> Result? {
    let outcome = OneShot<Result>()
    return remote.post { outcome.fulfil(work($0)) } ? outcome.wait() : nil
  }

  /// Ends the loop after its turn.
  package func stop() { remote.stop() }

  /// Waits for the thread's end. Once is enough, again does no harm.
  package func join() {
    if wasJoined.exchange(true, ordering: .relaxed) { return }
    pthread_join(thread, nil)
  }

  /// What the new thread is given, and how it says that it is ready.
  private final class Start: Sendable {
    let remote: LoopRemote
    let name: StaticString
    let outcome = OneShot<SystemError?>()

    init(_ remote: LoopRemote, _ name: StaticString) {
      self.remote = remote
      self.name = name
    }

    func run() {
      SystemThread.name(name)
      do throws(SystemError) {
        let loop = try EventLoop(remote: remote)
        outcome.fulfil(nil)
        loop.run()
      } catch {
        outcome.fulfil(error)
      }
    }
  }
}
