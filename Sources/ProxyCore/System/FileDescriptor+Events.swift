internal import CLinux
internal import Glibc

/// Epoll, eventfd and timerfd.
extension FileDescriptor {
  static func makeEventCounter() throws(SystemError) -> FileDescriptor {
    let flags = Int32(EFD_NONBLOCK | EFD_CLOEXEC)
    return FileDescriptor(owning: try retryingInterrupts("eventfd") { eventfd(0, flags) })
  }

  /// Makes an event counter readable. That it is full says that it is readable already.
  func signal() {
    _ = try? retryingInterrupts("eventfd_write") { eventfd_write(number, 1) }
  }

  /// A timer on the clock of `Moment`.
  static func makeTimer() throws(SystemError) -> FileDescriptor {
    let flags = Int32(TFD_NONBLOCK | TFD_CLOEXEC)
    return FileDescriptor(
      owning: try retryingInterrupts("timerfd_create") { timerfd_create(CLOCK_BOOTTIME, flags) })
  }

  /// Has a timer go off at `deadline`, in place of when it would have.
  func goOff(at deadline: Moment) throws(SystemError) {
    var time = itimerspec()
    // A deadline before the clock's start, or that start itself, would turn the timer off.
    let nanoseconds = max(1, deadline.nanoseconds)
    time.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
    time.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
    _ = try retryingInterrupts("timerfd_settime") {
      unsafe timerfd_settime(number, Int32(TFD_TIMER_ABSTIME), &time, nil)
    }
  }

  static func makePoller() throws(SystemError) -> FileDescriptor {
    FileDescriptor(
      owning: try retryingInterrupts("epoll_create1") {
        epoll_create1(Int32(EPOLL_CLOEXEC))
      })
  }

  func control(
    _ operation: Int32, _ target: Int32, events: UInt32, data: UInt64
  ) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = events
    unsafe event.data.u64 = data
    _ = try retryingInterrupts("epoll_ctl") { unsafe epoll_ctl(number, operation, target, &event) }
  }

  /// How many events were written to `events`.
  @inline(__always)
  func wait(
    for events: UnsafeMutableBufferPointer<epoll_event>, timeoutMilliseconds: Int32
  ) throws(SystemError) -> Int {
    let count = try calling("epoll_wait") {
      unsafe clinux_epoll_wait(
        number, events.baseAddress, Int32(clamping: events.count), timeoutMilliseconds)
    }
    return count ?? 0
  }
}
