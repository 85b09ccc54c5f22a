/// One question to several loops, and their answers put together on the loop that asks.
///
/// ```
///   ask ─▶ each loop ─▶ its part ─▶ (posted here) ─▶ end, once all parts are in or the time is over
/// ```
///
/// Ends once. Where the loop that asks ends before, not at all.
// Unchecked because everything but `reply` is touched on the loop that asks.
package final class Gather<Part: Sendable>: @unchecked Sendable {
  private var parts: [Part?]
  /// Those that have not answered yet, late ones included.
  package private(set) var missing: Set<Int>
  private var end: (([Part?]) -> Void)?
  private var timer: (loop: EventLoop, handle: TimerHandle)?

  /// - Parameters:
  ///   - count: How many are asked.
  ///   - patience: How long they are waited for, on this loop; nil for as long as it takes.
  ///   - post: Has work done on the loop that asks, in the order in which it is posted.
  ///   - ask: Asks one of them for its part, which it passes to `reply` once, from any thread. False if it has
  ///     ended: there is no part then.
  ///   - end: Takes the parts, nil for those that are missing.
  @discardableResult
  package init(
    from count: Int, within patience: (loop: EventLoop, time: Duration)? = nil,
    post: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
    ask: (_ number: Int, _ reply: @escaping @Sendable (Part) -> Void) -> Bool,
    end: @escaping ([Part?]) -> Void
  ) {
    parts = Array(repeating: nil, count: count)
    missing = Set(0..<count)
    self.end = end
    if let (loop, time) = patience {
      timer = (loop, loop.schedule(at: loop.now.advanced(by: time), self, token: 0))
    }
    for number in 0..<count {
      let isAsked = ask(number) { part in post { self.take(part, from: number) } }
      if !isAsked { take(nil, from: number) }
    }
  }

  private func take(_ part: Part?, from number: Int) {
    guard missing.remove(number) != nil else { return }
    parts[number] = part
    if missing.isEmpty { finish() }
  }

  private func finish() {
    if let timer { timer.loop.cancel(timer.handle) }
    timer = nil
    end.take()?(parts)
  }
}

extension Gather: TimerTarget {
  package func timerFired(_ token: Int, now: Moment) {
    timer = nil
    finish()
  }
}
