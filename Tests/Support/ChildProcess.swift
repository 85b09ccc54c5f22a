public import Glibc

/// A program that a test or benchmark runs, and that never outlives it.
///
/// `stop()` and the end of this object kill it. Should this process itself be killed, a small shell
/// does: it waits at the other end of a socket that only this process holds. (The kernel's
/// parent-death signal would not do: it comes when the *thread* that started the program ends, and
/// pool threads end early.)
public final class ChildProcess: Sendable {
  private struct State {
    var status: Int32?
    var lifeline: Int32
  }

  /// The program's process id.
  public let pid: pid_t
  private let watchdog: pid_t
  private let state: Shared<State>

  /// Starts `arguments[0]`, searched in `PATH`.
  ///
  /// - Parameters:
  ///   - arguments: The program and its arguments.
  ///   - output: A file for what it prints; nil for nowhere.
  ///   - variables: Environment variables to set beside this process's own, as `NAME=value`.
  ///   - scratch: A directory to remove should this process be killed; otherwise the caller does.
  public init(
    _ arguments: [String], output: String? = nil, variables: [String] = [], scratch: String? = nil
  ) throws {
    pid = try Self.spawn(arguments, input: nil, output: output, variables: variables)
    var ends: [Int32] = [0, 0]
    guard unsafe socketpair(AF_UNIX, Loopback.streamType, 0, &ends) == 0 else {
      Self.abandon(pid)
      throw ToolError.last("socketpair")
    }
    let script = "read -r farewell || { kill -9 \(pid); test -z \"$1\" || rm -rf \"$1\"; }"
    do {
      watchdog = try Self.spawn(
        ["/bin/sh", "-c", script, "sh", scratch ?? ""], input: ends[0], output: nil, variables: [])
    } catch {
      Self.abandon(pid)
      for end in ends { close(end) }
      throw error
    }
    close(ends[0])
    state = Shared(State(lifeline: ends[1]))
  }

  deinit { stop() }

  /// Whether it has not ended yet.
  public var isRunning: Bool {
    state.change { state in
      collect(&state, options: WNOHANG)
      return state.status == nil
    }
  }

  /// Sends a signal, unless it has ended.
  public func signal(_ number: Int32) {
    // Its pid cannot be another's as long as it was not collected, which the lock prevents
    // meanwhile.
    state.change { state in if state.status == nil { kill(pid, number) } }
  }

  /// Kills it, if it still runs, and waits until it is gone.
  public func stop() {
    state.change { state in
      if state.status == nil { kill(pid, SIGKILL) }
      collect(&state, options: 0)
    }
  }

  /// Waits for it to end by itself: its exit status, or 128 and the signal that ended it.
  @discardableResult
  public func wait() -> Int32 {
    // Without the lock while it runs, so that others can signal it.
    _ = hasEnded(options: 0)
    return state.change { state in
      collect(&state, options: 0)
      return state.status ?? -1
    }
  }

  /// Waits for the end, or with WNOHANG looks, and leaves the program to be collected.
  private func hasEnded(options: Int32) -> Bool {
    var details = unsafe siginfo_t()
    while unsafe waitid(P_PID, id_t(pid), &details, options | WEXITED | WNOWAIT) != 0 {
      if errno != EINTR { return false }
    }
    return unsafe details.si_signo != 0
  }

  /// Lets the shell believe that this process is dead, in order to see what it does.
  func loseLifeline() {
    state.change { state in _ = shutdown(state.lifeline, Int32(SHUT_RDWR)) }
  }

  private func collect(_ state: inout State, options: Int32) {
    guard state.status == nil else { return }
    // The shell first: as long as its charge is not collected, the pid that it knows is nobody
    // else's.
    guard hasEnded(options: options) else { return }
    try? Loopback.send([10], to: state.lifeline)
    close(state.lifeline)
    var ignored: Int32 = 0
    while unsafe waitpid(watchdog, &ignored, 0) < 0 && errno == EINTR {}
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    state.status = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  private static func abandon(_ pid: pid_t) {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }

  private static func spawn(
    _ arguments: [String], input: Int32?, output: String?, variables: [String]
  ) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if let input {
      unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    unsafe posix_spawn_file_actions_addopen(
      &actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // A group of its own: an interrupt from the terminal is for the test, which then ends the rest.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    // Pool threads block signals, which a program would inherit and then be deaf to SIGTERM.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)

    var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    var pairs = unsafe variables.map { unsafe strdup($0) } + inheritedVariables(except: variables)
    unsafe pairs.append(nil)
    defer {
      unsafe words.forEach { unsafe free($0) }
      unsafe pairs.forEach { unsafe free($0) }
    }
    var pid: pid_t = 0
    let code = unsafe posix_spawnp(&pid, arguments[0], &actions, &attributes, &words, &pairs)
    guard code == 0 else {
      throw unsafe ToolError("\(arguments[0]): \(String(cString: strerror(code)))")
    }
    return pid
  }

  private static func inheritedVariables(except names: [String]) -> [UnsafeMutablePointer<CChar>?] {
    let replaced = names.map { $0.prefix { $0 != "=" } + "=" }
    var inherited: [UnsafeMutablePointer<CChar>?] = unsafe []
    var next = unsafe environ
    while let pair = unsafe next.pointee {
      let text = unsafe String(cString: pair)
      if !replaced.contains(where: { text.hasPrefix($0) }) {
        unsafe inherited.append(strdup(pair))
      }
      unsafe next += 1
    }
    return unsafe inherited
  }
}
