internal import CLinux
internal import Synchronization

/// Wakes a loop that sleeps, and costs those who send to one that is awake no system call.
///
/// Quiet → mail when something is sent; mail → quiet when the loop is about to receive; quiet →
/// asleep when it is about to wait; asleep → mail when something is sent, and only then is the
/// counter written.
final class Waker: Sendable {
  private enum WakerState {
    static let quiet = 0
    static let mail = 1
    static let asleep = 2
  }

  private let state = Atomic<Int>(WakerState.quiet)
  private let writes = Atomic<Int>(0)
  let counter: FileDescriptor

  init() throws(SystemError) { counter = try FileDescriptor.makeEventCounter() }

  /// How often the kernel had to be asked.
  var wakeCount: Int { writes.load(ordering: .relaxed) }

  /// From any thread, after what was sent can be seen.
  func wake() {
    if state.load(ordering: .sequentiallyConsistent) == WakerState.mail { return }
    if state.exchange(WakerState.mail, ordering: .sequentiallyConsistent) == WakerState.asleep {
      writes.wrappingAdd(1, ordering: .relaxed)
      counter.signal()
    }
  }

  /// On the loop: whether to look for mail. What is sent from here on wakes it again.
  func takeMail() -> Bool {
    if state.load(ordering: .relaxed) != WakerState.mail { return false }
    return state.exchange(WakerState.quiet, ordering: .sequentiallyConsistent) == WakerState.mail
  }

  /// On the loop: whether it may sleep, which it may not while there is mail.
  func fallAsleep() -> Bool {
    let (slept, _) = state.compareExchange(
      expected: WakerState.quiet, desired: WakerState.asleep, ordering: .sequentiallyConsistent)
    return slept
  }

  /// On the loop, after sleeping.
  func awaken() {
    _ = state.compareExchange(
      expected: WakerState.asleep, desired: WakerState.quiet, ordering: .sequentiallyConsistent)
  }
}
