internal import HTTP
internal import ProxyCore

/// Everything as one JSON object, for the page, for `proxyd top` and for scripts.
enum StatisticsText {
  static func write(_ report: AdminReport, to document: inout ByteBuffer) {
    var json = JSONWriter()
    json.object { json in
      appendState(report, &json)
      json.object("info") { json in
        for figure in report.figures {
          switch figure.value {
          case .number(let number): json.field(figure.name.description, number)
          case .text(let word): json.field(figure.name.description, word.description)
          }
        }
      }
      appendMore(report, &json)
      appendDurations(report, &json)
      appendHotKeys(report.hotKeys, &json)
    }
    json.move(to: &document)
  }

  private static func appendState(_ report: AdminReport, _ json: inout JSONWriter) {
    json.field("version", report.news.version)
    json.field("ready", report.news.unreadiness == nil)
    json.field("draining", report.news.isDraining)
    json.field("reason", report.news.unreadiness)
    json.object("redis_server") { json in
      json.field("address", report.server.place)
      json.field("version", report.server.version)
      json.field("role", report.server.isReplica ? "replica" : "master")
    }
  }

  private static func appendMore(_ report: AdminReport, _ json: inout JSONWriter) {
    json.object("limits") { json in
      json.field("cache_entries", report.cache.entries)
      json.field("cache_bytes", report.cache.bytes)
      json.field("permits", report.limiter.permits)
      json.field("waiters", report.limiter.queueLimit)
    }
    json.object("counters") { json in
      json.field("cache_flushes", report.emptyings)
      json.field("generations", report.generations)
      json.field("permits_granted", Int(clamping: report.limiter.granted))
      json.field("permits_cancelled", Int(clamping: report.limiter.cancelled))
    }
    json.object("under_way") { json in
      json.field("fetch", report.underWay.reads)
      json.field("flight", report.underWay.flights)
      json.field("redis", report.underWay.calls)
      json.field("permit", report.underWay.waits)
      json.field("fence", report.underWay.fences)
    }
    json.object("links") { json in
      for kind in LinkKind.allCases {
        json.object("\(kind)") { json in
          for state in LinkState.allCases {
            json.field(state.rawValue, report.links[kind]?[state] ?? 0)
          }
        }
      }
    }
    json.array("loops", report.loops) { loop, json in
      json.object { json in
        json.field("connections", loop.connections)
        json.field("accepted", loop.accepted)
        json.field("output_bytes", loop.outputBytesWaiting)
      }
    }
    let process = report.process
    json.object("process") { json in
      json.field("cpu_seconds", process.processorSeconds)
      json.field("resident_bytes", process.residentBytes)
      json.field("virtual_bytes", process.virtualBytes)
      json.field("start_seconds", process.startSeconds)
      json.field("open_files", process.openFiles)
      json.field("open_files_max", process.openFilesMax)
      json.field("threads", process.threads)
    }
  }

  /// Of each front and outcome how many there were in each bucket, which does not include those before it.
  private static func appendDurations(_ report: AdminReport, _ json: inout JSONWriter) {
    json.array("bucket_seconds", DurationHistogram.bounds) { $1.value(Double($0) / 1e9) }
    json.object("requests") { json in
      for front in [ClientFront.resp, .http] {
        json.object("\(front)") { json in
          for outcome in RequestOutcome.allCases {
            append("\(outcome)", report.meter.durations(front, outcome), &json)
          }
        }
      }
    }
    json.object("redis") { json in
      for kind in LinkKind.allCases { append("\(kind)", report.meter.trips(kind), &json) }
    }
  }

  private static func append(
    _ name: String, _ histogram: DurationHistogram, _ json: inout JSONWriter
  ) {
    json.object(name) { json in
      json.field("count", Int(clamping: histogram.count))
      json.field("seconds", Double(histogram.nanoseconds) / 1e9)
      let buckets = (0..<DurationHistogram.bucketCount).map { Int(clamping: histogram[$0]) }
      json.array("buckets", buckets) { $1.value($0) }
    }
  }

  /// Keys are whatever clients have sent. What is not UTF-8 is in base64, and marked.
  private static func appendHotKeys(_ tally: HotKeyTally, _ json: inout JSONWriter) {
    json.field("reads_per_second", rounded(tally.readsPerSecond))
    json.array("hot_keys", tally.keys) { key, json in
      json.object { json in
        json.bytes("key", "encoding", key.key)
        json.field("more_bytes", max(0, key.keyBytes - key.key.count))
        json.field("database", Int(key.database))
        json.field("reads_per_second", rounded(key.readsPerSecond))
        let share = tally.readsPerSecond > 0 ? key.readsPerSecond / tally.readsPerSecond : 0
        json.field("share", (share * 10_000).rounded() / 10_000)
      }
    }
  }

  private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
