internal import Synchronization

/// What a worker tells of itself, all of one moment.
package struct WorkerReport: Sendable {
  /// Links by kind and state, in words for people.
  package struct LinkCount: Sendable, Equatable {
    package let kind: LinkKind
    package let state: LinkState
    package let count: Int
  }

  package var meter = WorkerMeter()
  package var links: [LinkCount] = []
  package var underWay = WorkerCensus()
  /// Nil if it was not asked for.
  package var hotKeys: HotKeyTally?
}

extension Worker {
  /// O(links that clients share).
  func report(withHotKeys: Bool, now: Moment) -> WorkerReport {
    var report = WorkerReport()
    report.meter = meter
    report.underWay = underWay
    var counts: [LinkKind: [LinkState: Int]] = [:]
    for link in home.links.values {
      counts[.fill, default: [:]][link.connection.state, default: 0] += 1
    }
    for link in sharedLinks.values {
      let kind = link.name == .control ? LinkKind.control : .shared
      counts[kind, default: [:]][link.connection.state, default: 0] += 1
    }
    // They may be very many, and are counted as they come and go.
    counts[.pinned] = [
      .ready: pinnedBusy, .idle: pinnedIdle.count,
      .leaving: max(0, pinnedLinks.count - pinnedBusy - pinnedIdle.count),
    ]
    for (kind, states) in counts {
      for (state, count) in states {
        report.links.append(WorkerReport.LinkCount(kind: kind, state: state, count: count))
      }
    }
    if withHotKeys { report.hotKeys = hotKeys.tally(now: now) }
    return report
  }
}

extension Proxy {
  /// Has a worker tell of itself, from any thread: `body` is called on its loop, with nil if it has ended
  /// meanwhile. False if it had ended before.
  package func askForReport(
    of number: Int, withHotKeys: Bool, _ body: @escaping @Sendable (WorkerReport?) -> Void
  ) -> Bool {
    seats[number].mailbox.send(
      .perform { worker, now in body(worker?.report(withHotKeys: withHotKeys, now: now)) })
  }

  /// Why proxyd cannot serve everything that it should; nil where it can.
  package var unreadiness: String? {
    if !isConnected {
      return lastFailure?.description ?? "Redis at \(settings.url.server) has not answered yet"
    }
    if settings.coherence == .tracking && !isTracking {
      return
        "Redis at \(settings.url.server) does not tell of changes, and CACHE_COHERENCE is tracking"
    }
    return nil
  }

  /// What each loop counts.
  package var loopCounters: [LoopCounters] { seats.map(\.remote.counters) }

  /// How often it stopped being trusted what the links had filled.
  package var generationCount: Int { counters.generations.load(ordering: .relaxed) }
}
