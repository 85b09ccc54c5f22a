internal import ProxyCore

/// What the system lets this process have, and what fits into it.
struct Room {
  /// How many files it may have open; nil if that is enough, or unknown.
  private let descriptors: Int?

  /// Asks for what `configuration` may need, and warns where there is less.
  init(for configuration: Configuration, _ log: Log) {
    let needed = configuration.descriptorsNeeded
    let limit = try? FileDescriptorLimit.raise(to: needed)
    descriptors = limit.flatMap { $0 < needed ? $0 : nil }
    if let descriptors {
      let fitted = fit(configuration)
      log.warning(
        .limited,
        "this process may have \(descriptors) files open, and MAX_CLIENTS and PINNED_MAX may need"
          + " \(needed):"
          + " \(fitted.clientsMax) clients are let in, with \(fitted.pinnedMax) links of their own;"
          + " raise the limit (LimitNOFILE=, ulimit -n) or lower them")
    }
  }

  /// The same where the number of files is known already.
  init(descriptors: Int?) { self.descriptors = descriptors }

  /// The same with no more clients than there are descriptors for: they must not take those that links to
  /// Redis need. Where there are few, fewer are kept free for those who are turned away and for operators, a
  /// third of what is left at most. One client, with a link of its own, is let in whatever the limit is.
  func fit(_ configuration: Configuration) -> Configuration {
    guard let descriptors, descriptors < configuration.descriptorsNeeded else {
      return configuration
    }
    var fitted = configuration
    fitted.refusalsMax = 0
    fitted.adminConnectionsMax = 1
    let wanted = configuration.descriptorsReserved - fitted.descriptorsReserved
    let spare = min(wanted, max(0, descriptors - fitted.descriptorsReserved) / 3)
    fitted.refusalsMax = configuration.refusalsMax * spare / max(1, wanted)
    fitted.adminConnectionsMax = min(
      configuration.adminConnectionsMax, 1 + spare - 2 * fitted.refusalsMax * fitted.threads)
    let room = max(2, descriptors - fitted.descriptorsReserved)
    // A client has one link of its own at most.
    let links = min(configuration.pinnedMax, configuration.clientsMax)
    let share = room * configuration.clientsMax / (configuration.clientsMax + links)
    fitted.clientsMax = min(configuration.clientsMax, max(1, share))
    fitted.pinnedMax = min(configuration.pinnedMax, max(1, room - fitted.clientsMax))
    return fitted
  }
}

extension Configuration {
  /// How many files may be open at once.
  var descriptorsNeeded: Int { clientsMax + pinnedMax + descriptorsReserved }

  /// Whatever a process has besides clients and their links: its loops, those who are turned away at both
  /// fronts, operators, and what there is once.
  var descriptorsReserved: Int {
    (Self.descriptorsPerLoop + 2 * refusalsMax) * threads + adminConnectionsMax
      + Self.descriptorsPerProcess
  }

  /// A poller, a waker, an alarm, and links: those that clients share in one database, the one that fills
  /// the cache from it, and the one for control. Links to further databases are rare, and not counted.
  static let descriptorsPerLoop = 3 + Limits.sharedLinksPerDatabase + 2

  /// Standard streams, the log and the access log, listeners, the loops of operators and of the resolver: 15;
  /// and what is open for a moment, such as the sockets of a look for a name.
  static let descriptorsPerProcess = 24
}
