internal import CLinux
internal import Glibc
internal import Synchronization

/// A thread that writes lines, so that no loop waits for a disk or for the reader of a pipe.
///
/// ```
///   loops, any thread ─▶ LineQueue ─┐
///   loops, any thread ─▶ LineQueue ─┴─▶ LineWriter's thread ─▶ file, pipe, terminal
/// ```
package final class LineWriter: Sendable {
  /// What becomes of lines, for operators. Told on the writer's thread.
  package enum WriterNews: Sendable {
    /// So many did not fit into a queue.
    case lost(Int)
    /// They cannot be written.
    case failed(SystemError)
    /// They can again; so many were lost.
    case recovered(lost: Int)
  }

  /// What is touched by those who hold the lock.
  private struct WriterContent: Sendable {
    var queues: [LineQueue] = []
    /// Those whose last lines are still to be written.
    var retired: [LineQueue] = []
    var next: LineTarget?
  }

  private enum Ending: UInt32 { case not, asked, done }

  private let content: Locked<WriterContent>
  /// 1: there is work.
  private let call = Atomic<UInt32>(0)
  private let ending = Atomic<UInt32>(Ending.not.rawValue)
  /// On the clock of `Moment`, in nanoseconds; until then what waits may be written at the end.
  private let lastMoment = Atomic<Int64>(.max)
  private let pause: Duration

  /// - Parameter pause: Between two rounds, so that much is written at once.
  package init(onto target: LineTarget, pause: Duration = .zero) {
    self.pause = pause
    content = Locked(WriterContent(next: target))
  }

  /// Starts the thread, which lives until `close`.
  ///
  /// - Parameter tend: Called before each round; says when the next one has to be at the latest.
  package func start(
    name: StaticString, tend: @escaping @Sendable (Moment) -> Moment? = { _ in nil },
    report: @escaping @Sendable (WriterNews) -> Void
  ) throws(SystemError) {
    let thread = try SystemThread.spawn { [self] in
      SystemThread.name(name)
      run(tend, report)
    }
    pthread_detach(thread)
  }

  /// A queue whose lines it writes from now on.
  package func makeQueue(bytesMax: Int) -> LineQueue {
    let queue = LineQueue(bytesMax: bytesMax) { [self] in wake() }
    content.withLock { $0.queues.append(queue) }
    return queue
  }

  /// Writes what is in these queues for the last time: their loops have ended.
  package func retire(_ queues: [LineQueue]) {
    content.withLock { content in
      content.queues.removeAll { known in queues.contains { $0 === known } }
      content.retired += queues
    }
    wake()
  }

  /// Writes elsewhere from now on.
  package func write(onto target: LineTarget) {
    content.withLock { $0.next = target }
    wake()
  }

  /// Has it look at its queues. Writes to the kernel only if it was not woken yet.
  package func wake() {
    if call.exchange(1, ordering: .sequentiallyConsistent) == 0 { Self.wake(call) }
  }

  /// Writes what waits, and ends: both within so long, or it is left as it is.
  package func close(within patience: Duration = Limits.logFlushMax) {
    let deadline = Moment.now.advanced(by: patience)
    lastMoment.store(deadline.nanoseconds, ordering: .relaxed)
    _ = ending.compareExchange(
      expected: Ending.not.rawValue, desired: Ending.asked.rawValue,
      ordering: .sequentiallyConsistent)
    Self.wake(ending)
    wake()
    while ending.load(ordering: .acquiring) != Ending.done.rawValue {
      let left = deadline.since(.now)
      if left <= .zero { return }
      Self.wait(on: ending, whileIt: Ending.asked.rawValue, atMost: left)
    }
  }

  // MARK: The thread

  private func run(_ tend: (Moment) -> Moment?, _ report: (WriterNews) -> Void) {
    var round = Round()
    while true {
      call.store(0, ordering: .sequentiallyConsistent)
      // After that: a later request wakes it again.
      let isLast = ending.load(ordering: .sequentiallyConsistent) != Ending.not.rawValue
      let due = tend(.now)
      goRound(&round, report)
      if isLast {
        // What was told of meanwhile.
        goRound(&round, report)
        break
      }
      if round.hasWritten && pause > .zero {
        Self.wait(on: ending, whileIt: Ending.not.rawValue, atMost: pause)
      }
      sleep(until: due)
    }
    content.withLock { $0 = WriterContent() }
    ending.store(Ending.done.rawValue, ordering: .releasing)
    Self.wake(ending)
  }

  private func sleep(until due: Moment?) {
    guard let due else { return Self.wait(on: call, whileIt: 0) }
    let left = due.since(.now)
    if left > .zero { Self.wait(on: call, whileIt: 0, atMost: left) }
  }

  /// What a round keeps for the next one.
  private struct Round: ~Copyable {
    var target: LineTarget?
    var lines = ByteBuffer()
    var hasWritten = false
    /// Whether the last line that was written was cut off.
    var isWithinLine = false
    var isFailing = false
    var lost = 0
  }

  private func goRound(_ round: inout Round, _ report: (WriterNews) -> Void) {
    round.hasWritten = false
    if let target = content.withLock({ $0.next.take() }) { round.target = target }
    let queues = content.withLock { content in
      defer { content.retired = [] }
      return content.queues + content.retired
    }
    for queue in queues {
      let lost = queue.exchange(for: &round.lines)
      write(&round, report)
      if lost > 0 { report(.lost(lost)) }
    }
  }

  private func write(_ round: inout Round, _ report: (WriterNews) -> Void) {
    if round.lines.isEmpty { return }
    round.hasWritten = true
    do throws(SystemError) {
      try round.target?.write(&round.lines, isWithinLine: &round.isWithinLine) {
        Moment.now.nanoseconds < lastMoment.load(ordering: .relaxed)
          && content.withLock { $0.next == nil }
      }
      if round.isFailing {
        report(.recovered(lost: round.lost))
        round.isFailing = false
        round.lost = 0
      }
    } catch {
      round.lost += Self.count(round.lines.bytes)
      if !round.isFailing { report(.failed(error)) }
      round.isFailing = true
    }
    if round.lines.allocated > Limits.logBytesKeptMax {
      round.lines.release()
    } else {
      round.lines.removeAll()
    }
  }

  private static func count(_ lines: RawSpan) -> Int {
    var count = 0
    // In bounds by the loop.
    for offset in 0..<lines.byteCount where unsafe lines.byte(at: offset) == UInt8(ascii: "\n") {
      count += 1
    }
    return count
  }

  // MARK: The kernel

  private static func wait(
    on word: borrowing Atomic<UInt32>, whileIt expected: UInt32, atMost patience: Duration? = nil
  ) {
    unsafe withUnsafePointer(to: word) { word in
      guard let patience else { return unsafe clinux_futex_wait(UnsafeRawPointer(word), expected) }
      let milliseconds = max(1, patience.clampedNanoseconds / 1_000_000)
      unsafe clinux_futex_wait_for(
        UnsafeRawPointer(word), expected, Int(min(milliseconds, 3_600_000)))
    }
  }

  private static func wake(_ word: borrowing Atomic<UInt32>) {
    unsafe withUnsafePointer(to: word) { unsafe clinux_futex_wake(UnsafeRawPointer($0), .max) }
  }
}
