import Foundation
import TestSupport
import Testing

/// Traffic of every kind over both fronts, while what can fail does: nothing that is read is wrong, and at the
/// end nothing is left and all counters agree. For as long as `SOAK_MINUTES` says; some seconds without it.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"), .serialized)
struct SoakTests {
  private static let duration: Duration = {
    guard let text = unsafe getenv("SOAK_MINUTES").map({ unsafe String(cString: $0) }) else {
      return .seconds(8)
    }
    return .seconds((Double(text) ?? 3) * 60)
  }()
  /// A history is judged when it is so long: the time that takes grows faster than the history.
  private static let window = Duration.seconds(3)

  /// What the whole has come to.
  private struct Summary {
    var windows = 0
    var operations = 0
    var unknown = 0
    var unexamined = 0
    var wrong: [String] = []
    var faults: [String: Int] = [:]
    var residentBytes: [Int] = []
    var recoveryMax = Duration.zero
  }

  @Test func `mixed traffic and faults: no wrong answer, nothing grows, counters agree`()
    async throws
  {
    var random = SeededGenerator.forTest("soak")
    let site = try FaultSite([
      "--cache-capacity", "3000", "--cache-max-bytes", "32mb", "--redis-timeout", "2",
    ])
    let isOver = Shared(false)
    let descriptors = try site.quietDescriptors()
    let seed = random.next()
    let counts = Shared<[String: SoakCount]>([:])
    async let others: Void = onThreads(SoakActor.all.count) { number in
      let actor = SoakActor.all[number]
      let count = actor.run(site, seed: seed &+ UInt64(number), until: isOver)
      counts.change { $0[actor.name] = count }
    }
    var summary = Summary()
    let end = ContinuousClock.now + Self.duration
    do {
      while ContinuousClock.now < end {
        try await Self.window(of: site, seed: random.next(), &summary)
      }
    } catch { summary.wrong.append("\(error)") }
    isOver.change { $0 = true }
    await others
    var disagreements: [String] = []
    do {
      try site.expectNothingLeft(descriptors)
      disagreements = try SoakLedger(of: site).disagreements
    } catch { summary.wrong.append("\(error)") }
    Self.show(summary, counts.value, disagreements, site)
    #expect(summary.wrong.isEmpty)
    #expect(disagreements.isEmpty)
    #expect(counts.value.values.allSatisfy { $0.wrong.isEmpty && $0.answered > 0 })
    #expect(Self.isFlat(summary.residentBytes), "\(summary.residentBytes)")
    #expect(site.proxyd.end(by: SIGTERM) == 0)
  }

  /// Some seconds with faults, whose history is then judged.
  private static func window(
    of site: FaultSite, seed: UInt64, _ summary: inout Summary
  ) async throws {
    let start = ContinuousClock.now
    var load = FaultLoad()
    load.options.keys = ["a", "b", "c", "d", "e"].map { "\($0)\(summary.windows)" }
    let happened = Shared<[String]>([])
    let recovery = Shared(Duration.zero)
    let verdict = try await load.verdict(on: site, seed: seed) { history in
      var random = SeededGenerator(seed: seed)
      let end = ContinuousClock.now + window
      while ContinuousClock.now < end {
        usleep(UInt32.random(in: 200_000...800_000, using: &random))
        let fault = SoakFault.all.randomElement(using: &random) ?? SoakFault.all[0]
        let links = try site.links()
        try fault.happen(site, &random)
        let time = try site.recovery(from: fault.name)
        recovery.change { $0 = max($0, time) }
        happened.change { $0.append(fault.name) }
        if fault.losesAll {
          try poll("all links are new") { try site.links().isDisjoint(with: links) }
          history.settle()
        }
      }
    }
    summary.windows += 1
    summary.operations += verdict.operationCount
    summary.unknown += verdict.unknownCount
    summary.unexamined += verdict.unexaminedCount
    summary.recoveryMax = max(summary.recoveryMax, recovery.value)
    for name in happened.value { summary.faults[name, default: 0] += 1 }
    if !verdict.violations.isEmpty { summary.wrong.append("SEED=\(seed): \(verdict)") }
    summary.residentBytes.append(site.residentBytes)
    let seconds = (ContinuousClock.now - start).inMilliseconds / 1_000
    print("soak: history \(summary.windows), judged after \(seconds) s: \(verdict)")
    fflush(nil)
  }

  /// Whether the last third is no higher than the one before, but for what a heap breathes.
  private static func isFlat(_ bytes: [Int]) -> Bool {
    let third = bytes.count / 3
    guard third > 0, let last = bytes.suffix(third).max(),
      let before = bytes.dropFirst(third).prefix(third).max()
    else { return bytes.allSatisfy { $0 < 512 << 20 } }
    return last < before + before / 8 + 16 << 20
  }

  private static func show(
    _ summary: Summary, _ counts: [String: SoakCount], _ disagreements: [String],
    _ site: FaultSite
  ) {
    let megabytes = summary.residentBytes.map { $0 >> 20 }
    let faults = summary.faults.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }
    var rows = [
      ("time", "\(duration)"),
      ("checked", "\(summary.operations) operations in \(summary.windows) histories"),
      ("of unknown outcome", "\(summary.unknown)"),
      ("of several keys unsearched", "\(summary.unexamined)"),
      ("faults", faults.joined(separator: ", ")),
      ("longest recovery", "\(summary.recoveryMax.inMilliseconds) ms"),
      (
        "memory",
        "\(megabytes.first ?? 0) MiB first, \(megabytes.max() ?? 0) MiB most, "
          + "\(megabytes.last ?? 0) MiB last"
      ),
      ("counters", disagreements.isEmpty ? "agree" : disagreements.joined(separator: "; ")),
    ]
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      rows.append(
        (
          name,
          "\(count.answered) answered, \(count.failed) failed, \(count.wrong.count) wrong"
            + (count.wrong.first.map { ": \($0)" } ?? "")
        ))
    }
    let wrong = summary.wrong.isEmpty ? "nothing" : summary.wrong.joined(separator: "\n")
    rows.append(("wrong", wrong))
    print("soak:")
    for (name, text) in rows {
      print("  \(name.padding(toLength: 26, withPad: " ", startingAt: 0)) \(text)")
    }
  }
}

/// Something that goes wrong, and is over when it returns.
struct SoakFault: Sendable {
  let name: String
  /// Whether every link is a new one afterwards.
  var losesAll = false
  let happen: @Sendable (FaultSite, inout SeededGenerator) throws -> Void

  static let all: [SoakFault] = [
    SoakFault(name: "a link is killed") { site, random in
      for _ in 0..<3 {
        let links = try site.links().sorted()
        guard let link = links.randomElement(using: &random),
          let id = link.split(separator: " ").first?.dropFirst(3)
        else { continue }
        _ = try site.redis.query("CLIENT", "KILL", "ID", String(id))
        usleep(20_000)
      }
    },
    SoakFault(name: "reset", losesAll: true) { site, _ in
      site.relay.reset(.toClient)
      site.relay.reset(.toTarget)
    },
    SoakFault(name: "end of all streams", losesAll: true) { site, _ in
      site.relay.cut(.toClient)
      site.relay.cut(.toTarget)
    },
    SoakFault(name: "Redis stopped") { site, random in
      site.redis.pause()
      usleep(UInt32.random(in: 50_000...600_000, using: &random))
      site.redis.resume()
    },
    SoakFault(name: "Redis restarted", losesAll: true) { site, random in
      site.redis.stop()
      usleep(UInt32.random(in: 0...200_000, using: &random))
      try site.redis.restart()
    },
    SoakFault(name: "partition") { site, random in
      let directions = [[Relay.Direction.toClient, .toTarget], [.toClient], [.toTarget]]
      let stalled = directions.randomElement(using: &random) ?? []
      for direction in stalled { site.relay.stall(direction) }
      usleep(UInt32.random(in: 50_000...600_000, using: &random))
      for direction in stalled { site.relay.resume(direction) }
    },
    SoakFault(name: "delay and slices") { site, random in
      let bytes = Int.random(in: 100...2_000, using: &random)
      for direction in [Relay.Direction.toClient, .toTarget] {
        site.relay.jitter(.milliseconds(4), direction)
        site.relay.slice(bytes: bytes, direction)
      }
      usleep(500_000)
      for direction in [Relay.Direction.toClient, .toTarget] {
        site.relay.jitter(.zero, direction)
        site.relay.slice(bytes: 0, direction)
      }
    },
  ]
}
