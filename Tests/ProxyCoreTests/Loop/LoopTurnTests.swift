import Testing

@testable import ProxyCore

@Suite struct LoopTurnTests {
  private final class Watcher: TurnObserver {
    var told: [Int64] = []
    func turnEnded(nanoseconds: Int64) { told.append(nanoseconds) }
  }

  /// Keeps its loop busy for a while.
  private final class Worker: TimerTarget {
    static let work = Duration.milliseconds(5)
    func timerFired(_ token: Int, now: Moment) {
      while Moment.now.since(now) < Self.work {}
    }
  }

  @Test(arguments: [true, false])
  func `each turn's length is told once, with what was done in it`(_ mayWait: Bool) throws {
    let loop = try EventLoop()
    let (watcher, worker) = (Watcher(), Worker())
    loop.turnObserver = watcher
    loop.turn(mayWait: false)
    _ = loop.schedule(at: loop.now, worker, token: 0)
    loop.turn(mayWait: false)
    // That turn is over when the next one looks at the clock.
    _ = loop.schedule(at: loop.now, worker, token: 0)
    loop.turn(mayWait: mayWait)
    #expect(watcher.told.count == 3 && watcher.told.allSatisfy { $0 >= 0 })
    #expect(watcher.told.last.map { $0 >= Worker.work.clampedNanoseconds } == true)
  }

  @Test func `nobody is told after the end`() throws {
    let loop = try EventLoop()
    weak var watcher: Watcher?
    do {
      let made = Watcher()
      watcher = made
      loop.turnObserver = made
    }
    #expect(watcher != nil)
    loop.shutDown()
    #expect(watcher == nil)
  }
}
