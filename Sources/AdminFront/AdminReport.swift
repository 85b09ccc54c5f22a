internal import ProxyCore
internal import Synchronization

/// Everything that is told, all of one moment or nearly so.
struct AdminReport {
  var meter = WorkerMeter()
  /// Links by kind and state, those that do not occur included.
  private(set) var links: [LinkKind: [LinkState: Int]] = [:]
  private(set) var underWay = WorkerCensus()
  let hotKeys: HotKeyTally
  let figures: [Figure]
  let cache: CacheLimits
  let limiter: LimiterCounts
  let generations: Int
  let emptyings: Int
  let isTracking: Bool
  let server: (place: String, version: String?, isReplica: Bool)
  let loops: [LoopFigures]
  let process: ProcessFigures
  let news: AdminReport.ProgramNews

  struct CacheLimits {
    let entries: Int
    let bytes: Int
  }

  /// What a loop counts of its connections.
  struct LoopFigures {
    let connections: Int
    let accepted: Int
    let acceptFailures: Int
    let inputLimitCloses: Int
    let outputLimitCloses: Int
    let outputBytesWaiting: Int

    init(_ counters: LoopCounters) {
      connections = counters.connections.load(ordering: .relaxed)
      accepted = counters.accepted.load(ordering: .relaxed)
      acceptFailures = counters.acceptFailures.load(ordering: .relaxed)
      inputLimitCloses = counters.inputLimitCloses.load(ordering: .relaxed)
      outputLimitCloses = counters.outputLimitCloses.load(ordering: .relaxed)
      outputBytesWaiting = counters.outputBytesWaiting.load(ordering: .relaxed)
    }
  }

  init(
    of proxy: Proxy, _ reports: [WorkerReport], _ hotKeys: HotKeyTally,
    _ news: AdminReport.ProgramNews
  ) {
    for kind in LinkKind.allCases {
      for state in LinkState.allCases { links[kind, default: [:]][state] = 0 }
    }
    for report in reports {
      meter += report.meter
      underWay += report.underWay
      for link in report.links {
        links[link.kind, default: [:]][link.state, default: 0] += link.count
      }
    }
    self.hotKeys = hotKeys
    self.news = news
    figures = proxy.figures
    cache = CacheLimits(entries: proxy.cache.capacity, bytes: proxy.cache.bytesMax)
    limiter = proxy.limiter.counts
    generations = proxy.generationCount
    emptyings = proxy.cache.emptyingCount
    isTracking = proxy.isTracking
    let known = proxy.server
    server = (
      "\(proxy.settings.url.server)", known.version.map { String(decoding: $0, as: UTF8.self) },
      known.isReplica
    )
    loops = proxy.loopCounters.map(LoopFigures.init)
    process = .now
  }
}

extension WorkerCensus {
  fileprivate static func += (left: inout WorkerCensus, right: WorkerCensus) {
    left.reads += right.reads
    left.calls += right.calls
    left.waits += right.waits
    left.flights += right.flights
    left.fences += right.fences
    left.holds += right.holds
    left.pinned += right.pinned
  }
}

extension AdminReport {
  /// What the program knows of itself.
  struct ProgramNews {
    let version: String
    /// Why it is not ready; nil where it is.
    let unreadiness: String?
    let isDraining: Bool
  }
}
