internal import CLinux

/// The kernel's readiness queue.
@safe
struct Poller: ~Copyable {
  private let descriptor: FileDescriptor
  private let events: UnsafeMutableBufferPointer<epoll_event>

  init() throws(SystemError) {
    descriptor = try FileDescriptor.makePoller()
    unsafe events = .allocate(capacity: Limits.eventsPerTurnMax)
  }

  deinit { unsafe events.deallocate() }

  func add(
    _ target: borrowing FileDescriptor, _ token: PollToken, for wanted: Readiness
  ) throws(SystemError) {
    try descriptor.control(
      EPOLL_CTL_ADD, target.number, events: wanted.rawValue, data: token.bits)
  }

  func change(
    _ target: borrowing FileDescriptor, _ token: PollToken, to wanted: Readiness
  ) throws(SystemError) {
    try descriptor.control(
      EPOLL_CTL_MOD, target.number, events: wanted.rawValue, data: token.bits)
  }

  func remove(_ target: borrowing FileDescriptor) throws(SystemError) {
    try descriptor.control(EPOLL_CTL_DEL, target.number, events: 0, data: 0)
  }

  /// Sleeps until something is ready or the timeout has passed (negative: without one). Returns how
  /// many events can be looked at.
  @inline(__always)
  func wait(timeoutMilliseconds: Int32) throws(SystemError) -> Int {
    unsafe try descriptor.wait(for: events, timeoutMilliseconds: timeoutMilliseconds)
  }

  func event(at index: Int) -> (token: PollToken, ready: Readiness) {
    let event = unsafe events[index]
    return unsafe (PollToken(bits: event.data.u64), Readiness(rawValue: event.events))
  }
}
