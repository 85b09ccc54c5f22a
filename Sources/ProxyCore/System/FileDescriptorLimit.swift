internal import Glibc

/// How many files this process may have open.
package enum FileDescriptorLimit {
  /// The limit in force and the one up to which it may be raised without privileges.
  package static func current() throws(SystemError) -> (soft: Int, hard: Int) {
    var limit = rlimit()
    _ = try retryingInterrupts("getrlimit") {
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// Raises the limit to `wanted`, or as near as is allowed. Returns what is then in force.
  package static func raise(to wanted: Int) throws(SystemError) -> Int {
    let (soft, hard) = try current()
    let raised = min(wanted, hard)
    if raised <= soft { return soft }
    try set(soft: raised, hard: hard)
    return raised
  }

  static func set(soft: Int, hard: Int) throws(SystemError) {
    var limit = rlimit(rlim_cur: rlim_t(clamping: soft), rlim_max: rlim_t(clamping: hard))
    _ = try retryingInterrupts("setrlimit") {
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
  }
}
