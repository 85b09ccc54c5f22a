internal import Glibc

/// The signals that end the program: SIGTERM and SIGINT.
enum Termination {
  /// Keeps them for `wait`. To be called before there are other threads, which inherit it.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    block(SIG_BLOCK)
  }

  /// Sleeps until one comes. The next one ends the program at once.
  static func wait() {
    var set = signals
    var number: Int32 = 0
    while unsafe sigwait(&set, &number) != 0 {}
    block(SIG_UNBLOCK)
  }

  private static func block(_ how: Int32) {
    var set = signals
    unsafe pthread_sigmask(how, &set, nil)
  }

  private static var signals: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGTERM)
    unsafe sigaddset(&set, SIGINT)
    return set
  }
}
