/// Wakes a loop that sleeps when a deadline has come.
///
/// It stays set over many turns: a time limit of `epoll_wait` itself is set and cancelled at every sleep, which takes
/// a virtual machine more than a microsecond. So it is neither put off nor turned off; it may go off in vain, and
/// is set again then.
struct Alarm: ~Copyable {
  let timer: FileDescriptor
  private var isSetTo = Moment(nanoseconds: .min)

  init() throws(SystemError) { timer = try FileDescriptor.makeTimer() }

  /// It has gone off.
  mutating func wentOff() { isSetTo = Moment(nanoseconds: .min) }

  /// Sees to it that it goes off at `deadline` at the latest, or a moment later. What it was set to before may be past.
  mutating func set(by deadline: Moment, now: Moment) throws(SystemError) {
    if isSetTo > now && isSetTo <= deadline { return }
    try timer.goOff(at: deadline)
    isSetTo = deadline
  }
}
