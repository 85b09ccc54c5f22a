internal import CLinux
internal import Glibc

/// Threads, as the system has them.
enum SystemThread {
  /// Has a new thread do `work`, with all signals blocked there: for the caller to join or to detach.
  ///
  /// They are blocked around the call because a thread inherits what is blocked where it is made.
  static func spawn(_ work: @escaping @Sendable () -> Void) throws(SystemError) -> pthread_t {
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    let argument = unsafe Unmanaged.passRetained(Work(work))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        }
        return nil
      }, argument.toOpaque())
    if code != 0 {
      unsafe argument.release()
      throw SystemError("pthread_create", code: code)
    }
    return thread
  }

  /// Names the thread that calls, for those who look at it from outside.
  static func name(_ name: StaticString) {
    unsafe clinux_name_thread(
      UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
