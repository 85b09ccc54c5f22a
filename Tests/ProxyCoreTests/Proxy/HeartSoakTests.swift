import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart under fire", .serialized)
struct HeartSoakTests {
  /// Links are killed so often at least, and until every client has got something done.
  private static let killsMin = 100
  private static let killsMax = 5_000

  /// How far the writer of a key has come, and how far it was acknowledged.
  private struct Progress: Sendable {
    var acknowledged = 0
    var answered = 0
    var failed = 0
    var backwards: [String] = []
  }

  @Test(
    "links are killed at random under traffic: all requests end, no read goes back, nothing leaks")
  func kills() async throws {
    let redis = try RedisServer()
    let heart = try Heart(port: redis.port, loops: 4)
    let progress = Shared([Progress](repeating: Progress(), count: 8))
    let isOver = Shared(false)
    var random = SeededGenerator.forTest()
    let kinds = ["fill", "shared", "pinned", "control"]
    await withTaskGroup(of: Void.self) { group in
      for key in 0..<8 {
        group.addTask { await Self.write(key, heart, progress, until: isOver) }
        for _ in 0..<3 { group.addTask { await Self.read(key, heart, progress, until: isOver) } }
      }
      for worker in 0..<4 { group.addTask { await Self.disturb(heart, worker, until: isOver) } }
      var kills = 0
      while kills < Self.killsMin || (kills < Self.killsMax && !Self.isDone(heart, progress)) {
        kills += 1
        try? await Task.sleep(for: .milliseconds(Int.random(in: 5...150, using: &random)))
        let kind = kinds.randomElement(using: &random) ?? "fill"
        guard let victim = try? redis.links(kind).randomElement(using: &random) else { continue }
        try? redis.kill([victim])
      }
      isOver.change { $0 = true }
    }
    let final = progress.value
    #expect(final.flatMap(\.backwards) == [])
    #expect(final.allSatisfy { $0.answered > 0 && $0.acknowledged > 0 })
    #expect(heart.linksLost > 10)
    #expect(await heart.isWell())
    #expect(await heart.isQuiet())
    for key in 0..<8 {
      #expect(try await heart.get("k\(key)") == redis.query("GET", "k\(key)").text)
    }
  }

  private static func isDone(_ heart: Heart, _ progress: Shared<[Progress]>) -> Bool {
    heart.linksLost > 10 && progress.value.allSatisfy { $0.answered > 0 && $0.acknowledged > 0 }
  }

  /// The only writer of a key: numbers, each higher than the one before.
  private static func write(
    _ key: Int, _ heart: Heart, _ progress: Shared<[Progress]>, until isOver: Shared<Bool>
  ) async {
    var number = 0
    while !isOver.value {
      number += 1
      let isScript = number % 7 == 0
      let outcome =
        isScript
        ? await heart.outcome(
          "EVAL", "return redis.call('set', 'k' .. ARGV[1], ARGV[2])", "0", "\(key)", "\(number)",
          worker: key % 4)
        : await heart.outcome("SET", "k\(key)", "\(number)", worker: (key + number) % 4)
      if outcome == .ok {
        progress.change { $0[key].acknowledged = number }
      } else {
        progress.change { $0[key].failed += 1 }
        try? await Task.sleep(for: .milliseconds(1))
      }
    }
  }

  /// No read answers less than what was acknowledged before it began.
  private static func read(
    _ key: Int, _ heart: Heart, _ progress: Shared<[Progress]>, until isOver: Shared<Bool>
  ) async {
    while !isOver.value {
      let least = progress.value[key].acknowledged
      let outcome = await heart.outcome(ofGetting: "k\(key)")
      // A hit suspends nobody, and the others have their turn too.
      try? await Task.sleep(for: .microseconds(100))
      guard case .value(let text) = outcome else {
        try? await Task.sleep(for: .milliseconds(1))
        continue
      }
      let number = text.flatMap { Int($0) } ?? 0
      progress.change { progress in
        progress[key].answered += 1
        if number < least { progress[key].backwards.append("k\(key): \(number) after \(least)") }
      }
    }
  }

  /// Pinned links, transactions and the control link, on one worker.
  private static func disturb(_ heart: Heart, _ worker: Int, until isOver: Shared<Bool>) async {
    while !isOver.value {
      _ = await heart.outcome("BLPOP", "none\(worker)", "0.02", worker: worker)
      _ = await heart.outcome("NOSUCH", worker: worker)
      _ = await heart.outcome("CLIENT", "UNPAUSE", worker: worker)
      _ = try? await heart.send([["INCR", "n\(worker)"], ["GET", "n\(worker)"]], worker: worker)
      _ = await heart.outcome(ofGetting: "cold\(worker)")
    }
  }
}
