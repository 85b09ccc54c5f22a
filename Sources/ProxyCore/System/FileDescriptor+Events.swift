internal import CLinux
internal import Glibc

/// Epoll and eventfd.
extension FileDescriptor {
  static func makeEventCounter() throws(SystemError) -> FileDescriptor {
    let flags = Int32(EFD_NONBLOCK | EFD_CLOEXEC)
    return FileDescriptor(owning: try retryingInterrupts("eventfd") { eventfd(0, flags) })
  }

  /// Makes an event counter readable. That it is full says that it is readable already.
  func signal() {
    _ = try? retryingInterrupts("eventfd_write") { eventfd_write(number, 1) }
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
