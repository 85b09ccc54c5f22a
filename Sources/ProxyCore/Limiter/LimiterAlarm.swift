/// The one task that watches the deadlines of all waiting tasks.
///
/// A task for each waiter would cost more than the wait. This one sleeps until the earliest
/// deadline, expires who is due, and sleeps again, or ends when the line is empty: with one timeout for
/// all it wakes at most about once in that time, however many come and go. Event loops have timers
/// and need none of it.
struct LimiterAlarm {
  /// When the task wakes; the distant future when there is none.
  private(set) var moment = Moment.distantFuture
  /// Counts the tasks, so that one which was replaced knows it.
  private(set) var number: UInt64 = 0
  var task: Task<Void, Never>?

  /// The number for a new task, if one is needed in order to wake at `deadline`.
  mutating func advance(to deadline: Moment) -> UInt64? {
    guard deadline < moment else { return nil }
    moment = deadline
    number &+= 1
    return number
  }

  /// When task `number` is to wake next; nil if it is to end.
  mutating func rearm(_ number: UInt64, at deadline: Moment?) -> Moment? {
    guard number == self.number else { return nil }
    moment = deadline ?? .distantFuture
    if deadline == nil { task = nil }
    return deadline
  }
}

extension ConcurrencyLimiter {
  /// Starts the alarm task that `LimiterAlarm.advance` asked for, in place of the one there was.
  func start(_ number: UInt64) {
    // Detached, because it outlives the wait it is started for, whose priority and task-local
    // values are not its own; weak, because a limiter with an empty line may go.
    let task = Task.detached { [weak self] in
      var wake = self?.alarmMoment(number)
      while let moment = wake {
        let pause = min(moment.since(.now), Limits.limiterSleepMax)
        do { try await Task.sleep(for: max(pause, .zero)) } catch { return }
        wake = self?.ring(number)
      }
    }
    let superfluous = locked { state in
      guard state.alarm.number == number else { return task as Task<Void, Never>? }
      defer { state.alarm.task = task }
      return state.alarm.task
    }
    superfluous?.cancel()
  }

  private func alarmMoment(_ number: UInt64) -> Moment? {
    locked { state in state.alarm.number == number ? state.alarm.moment : nil }
  }

  private func ring(_ number: UInt64) -> Moment? {
    expire(now: .now)
    return locked { state in state.alarm.rearm(number, at: state.queue.earliestDeadline) }
  }
}
