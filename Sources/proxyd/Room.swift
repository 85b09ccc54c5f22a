internal import ProxyCore

/// What the system lets this process have, and what fits into it.
struct Room {
  /// How many files it may have open; nil where that is enough, or nobody knows.
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
  /// Redis need. One client, with a link of its own, is let in whatever the limit is.
  func fit(_ configuration: Configuration) -> Configuration {
    guard let descriptors else { return configuration }
    var fitted = configuration
    let usable = min(descriptors, configuration.descriptorsNeeded)
    let room = max(2, usable - configuration.descriptorsReserved)
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

  /// Whatever a process has besides clients and their links: its loops' pollers, wakers, alarms and links, those who
  /// are turned away at both fronts, files.
  var descriptorsReserved: Int {
    (16 + 2 * Limits.refusalsMax) * threads + Limits.adminConnectionsMax + 32
  }
}
