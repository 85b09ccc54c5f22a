internal import Glibc

/// The signals that an operator sends: SIGTERM and SIGINT to end, SIGHUP to read the settings again.
enum Signals {
  /// Keeps them for `next`. To be called before there are other threads, which inherit it.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    block(SIG_BLOCK)
  }

  /// Sleeps until one comes, or for as long as `patience`: nil then.
  static func next(within patience: Duration? = nil) -> Int32? {
    var set = awaited
    guard let patience else {
      while true {
        let number = unsafe sigwaitinfo(&set, nil)
        if number > 0 { return number }
      }
    }
    let (seconds, attoseconds) = patience.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    let number = unsafe sigtimedwait(&set, nil, &time)
    return number > 0 ? number : nil
  }

  /// Ends the program as the signal does by default.
  static func die(of number: Int32) -> Never {
    block(SIG_UNBLOCK)
    raise(number)
    exit(128 + number)
  }

  private static func block(_ how: Int32) {
    var set = awaited
    unsafe pthread_sigmask(how, &set, nil)
  }

  private static var awaited: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, number) }
    return set
  }
}
