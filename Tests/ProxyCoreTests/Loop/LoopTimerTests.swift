import AllocationCounter
import TestSupport
import Testing

@testable import ProxyCore

/// Remembers which of its timers fired.
private final class Recorder: TimerTarget {
  private(set) var fired: [Int] = []
  func timerFired(_ token: Int, now: Moment) { fired.append(token) }
}

@Suite struct LoopTimerTests {
  private func moment(_ nanoseconds: Int) -> Moment { Moment(nanoseconds: Int64(nanoseconds)) }

  @Test func `random timers fire as a sorted list would`() {
    var random = SeededGenerator.forTest()
    var queue = TimerQueue()
    let target = Recorder()
    var model: [Int: Int] = [:]
    var handles: [(token: Int, handle: TimerHandle)] = []
    var now = 0
    for step in 0..<20_000 {
      switch Int.random(in: 0..<4, using: &random) {
      case 0, 1:
        let deadline = now + Int.random(in: 0..<5_000, using: &random)
        handles.append((step, queue.schedule(at: moment(deadline), target, token: step)))
        model[step] = deadline
      case 2:
        guard let (token, handle) = handles.randomElement(using: &random) else { continue }
        if Bool.random(using: &random) {
          #expect(queue.cancel(handle) == (model.removeValue(forKey: token) != nil))
        } else {
          let deadline = now + Int.random(in: 0..<5_000, using: &random)
          let moved = queue.reschedule(handle, at: moment(deadline))
          #expect(moved == (model[token] != nil))
          if moved { model[token] = deadline }
        }
      default:
        now += Int.random(in: 0..<50, using: &random)
        while let (_, token) = queue.removeDue(at: moment(now)) {
          let deadline = model.removeValue(forKey: token)
          #expect(deadline != nil && deadline.map { $0 <= now } == true)
        }
        #expect(model.values.allSatisfy { $0 > now })
      }
      if queue.count != model.count { Issue.record("\(queue.count) timers, not \(model.count)") }
    }
    var last = moment(0)
    while let next = queue.nextDeadline {
      #expect(next >= last)
      last = next
      _ = queue.removeDue(at: next)
    }
  }

  @Test func `a steady state of ten thousand timers allocates nothing`() throws {
    var queue = TimerQueue()
    let target = Recorder()
    for index in 0..<10_000 {
      _ = queue.schedule(at: moment(index), target, token: index)
    }
    func churn(_ indices: Range<Int>) {
      for index in indices {
        _ = queue.removeDue(at: moment(index))
        let handle = queue.schedule(at: moment(index), target, token: index)
        _ = queue.reschedule(handle, at: moment(index + 1))
      }
    }
    churn(10_000..<10_010)  // the runtime looks types up when they are first used
    let before = allocation_count_of_thread()
    churn(10_010..<30_000)
    #expect(allocation_count_of_thread() == before)
  }

  @Test func `a handle outlives its timer and then names nothing`() {
    var queue = TimerQueue()
    let target = Recorder()
    let first = queue.schedule(at: moment(1), target, token: 1)
    #expect(queue.removeDue(at: moment(1))?.token == 1)
    let second = queue.schedule(at: moment(2), target, token: 2)
    #expect(first.node == second.node)
    #expect(!queue.cancel(first) && queue.count == 1)
    #expect(queue.cancel(second) && queue.count == 0)
  }

  @Test func `a loop wakes for its next deadline, not before and not in a spin`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let target = Recorder()
    let deadline = Moment.now.advanced(by: .microseconds(20_300))
    _ = loop.schedule(at: deadline, target, token: 7)
    var turns = 0
    while target.fired.isEmpty {
      loop.turn()
      turns += 1
    }
    #expect(loop.now >= deadline)
    // Never again and again.
    #expect(turns <= 3)
  }

  /// A deadline that the alarm was not set for would never come: a loop without mail sleeps without a limit.
  @Test func `a loop wakes for every deadline, whatever its alarm was set to before`() throws {
    var random = SeededGenerator.forTest()
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let target = Recorder()
    var live: [(handle: TimerHandle, token: Int)] = []
    var expected: Set<Int> = []
    for token in 0..<400 {
      // Deadlines come, are put off and are withdrawn, so that the alarm goes off for nobody, too.
      let wait = Duration.microseconds(Int.random(in: -300...3_000, using: &random))
      live.append((loop.schedule(at: .now.advanced(by: wait), target, token: token), token))
      expected.insert(token)
      let number = Int.random(in: live.indices, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: _ = loop.reschedule(live[number].handle, at: .now.advanced(by: .milliseconds(4)))
      case 1: if loop.cancel(live[number].handle) { expected.remove(live[number].token) }
      case 2: loop.remote.waker.wake()
      default: break
      }
      if loop.timers.count > Int.random(in: 0..<4, using: &random) { loop.turn() }
    }
    while loop.timers.count > 0 { loop.turn() }
    #expect(target.fired.count == expected.count && Set(target.fired) == expected)
  }

  @Test func `a turn fires a bounded number of timers`() throws {
    final class Again: TimerTarget {
      let loop: EventLoop
      var count = 0
      init(_ loop: EventLoop) { self.loop = loop }
      func timerFired(_ token: Int, now: Moment) {
        count += 1
        _ = loop.schedule(at: now, self, token: token)
      }
    }
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let target = Again(loop)
    _ = loop.schedule(at: loop.now, target, token: 0)
    loop.turn()
    #expect(target.count == Limits.timersPerTurnMax)
  }
}
