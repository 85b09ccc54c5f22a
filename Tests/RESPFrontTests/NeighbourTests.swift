import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Several proxies before one Redis, and clients that talk to Redis itself: each proxy's clients see each
/// key as one register, and what others write no later than its invalidation.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"), .serialized)
struct NeighbourTests {
  private struct Trial: Sendable {
    var proxies = 3
    var rules = CoherenceRules.all
    var keys = ["a", "b", "c"]
    var weights = WorkloadGenerator.Options.everything
    var depthMax = 3
    var clients = 2
    var rounds = 100
    var jitter = Duration.milliseconds(2)
    var cachesMultipleGets = false
    /// Fill links are killed, one after so many rounds of the client that talks to Redis itself.
    var killsEvery: Int?

    init() {
      // Values must stay with their keys, and a script promises less than this.
      weights[.rename] = 0
      weights[.script] = 0
    }
  }

  let server: RedisServer

  init() throws { server = try RedisServer() }

  /// What the checker says of one history, as each proxy sees it.
  private func judge(_ trial: Trial, seed: UInt64) async throws -> [Verdict] {
    _ = try server.query("FLUSHALL")
    let relays = try (0..<trial.proxies).map { _ in try Relay(to: server.port) }
    for relay in relays {
      relay.jitter(trial.jitter, .toClient)
      relay.jitter(trial.jitter, .toTarget)
    }
    let stacks = try relays.map { relay in
      try Stack(
        server, through: relay.port, loops: 2, settings: { $0.rules = trial.rules },
        options: { $0.cachesMultipleGets = trial.cachesMultipleGets })
    }
    let history = History(seed: seed)
    let options = WorkloadGenerator.Options(
      keys: trial.keys, weights: trial.weights, depthMax: trial.depthMax, valueBytesMax: 400,
      splitsMget: trial.cachesMultipleGets)
    let ports = stacks.map(\.port) + [server.port]
    let left = Shared(ports.count * trial.clients)
    await onThreads(ports.count * trial.clients + trial.proxies) { [server] number in
      if number >= ports.count * trial.clients {
        let place = number - ports.count * trial.clients
        while left.value > 0 { Self.fence(history, at: place, ports[place]) }
        return
      }
      defer { left.change { $0 -= 1 } }
      let place = number % ports.count
      let isDirect = place == trial.proxies
      let client = WorkloadClient(
        port: ports[place], at: isDirect ? nil : place, history: history, options: options)
      for round in 1...trial.rounds {
        guard (try? client.run()) != nil else {
          Issue.record("a client was not served")
          return
        }
        guard isDirect else { continue }
        if let every = trial.killsEvery, round % every == 0 { Self.killLinks(server) }
        // Redis itself is much faster than what is before it.
        usleep(2_000)
      }
    }
    for place in 0..<trial.proxies { Self.fence(history, at: place, ports[place]) }
    #expect(history.operations.count >= trial.rounds)
    return (0..<trial.proxies).map { place in
      let check = HistoryCheck(.nearCache)
      var verdict = check.judge(history.view(from: place))
      verdict.violations += history.readsOfReplaced(at: place).prefix(3)
      return verdict
    }
  }

  /// A script may write anything, so its reply waits until all invalidations before it are applied.
  private static func fence(_ history: History, at place: Int, _ port: UInt16) {
    try? history.fence(at: place) {
      guard try RESPConnection(port: port).query("EVAL", "return 1", "0") == .integer(1) else {
        throw ToolError("no fence")
      }
    }
  }

  /// Ends the fill links of all proxies.
  private static func killLinks(_ server: RedisServer) {
    guard let connection = try? server.connect() else { return }
    let clients = (try? connection.query("CLIENT", "LIST").text) ?? ""
    for line in clients.split(separator: "\n") where line.contains("name=proxyd-fill") {
      guard let id = line.split(separator: " ").first?.dropFirst(3) else { continue }
      _ = try? connection.query("CLIENT", "KILL", "ID", String(id))
    }
  }

  private static let sound: [(name: String, Trial)] = {
    // As much at once as the checker can take.
    var piped = Trial()
    piped.clients = 1
    piped.rounds = 200
    piped.jitter = .milliseconds(1)
    var single = Trial()
    single.depthMax = 1
    single.proxies = 2
    var many = piped
    many.cachesMultipleGets = true
    many.weights[.mget] = 30
    many.depthMax = 2
    var killed = single
    killed.killsEvery = 30
    return [
      ("three proxies, pipelines", piped), ("two proxies, single calls", single),
      ("MGET from memory", many), ("fill links are lost", killed),
    ]
  }()

  @Test(arguments: 0..<sound.count)
  func `what goes through a proxy is in order, and what others write is seen in time`(
    _ number: Int
  ) async throws {
    let (name, first) = Self.sound[number]
    var random = SeededGenerator.forTest()
    // The checker may give up on a history; where calls take long, because a sanitizer watches them, on one
    // after another, unless they are shorter.
    var trial = first
    var rightCount = 0
    for _ in 0..<8 where rightCount < 2 {
      let verdicts = try await judge(trial, seed: random.next())
      for (place, verdict) in verdicts.enumerated() {
        #expect(verdict.violations.isEmpty, "\(name), proxy \(place): \(verdict)")
      }
      if verdicts.allSatisfy(\.isRight) {
        rightCount += 1
      } else {
        trial.rounds = max(20, trial.rounds / 2)
      }
    }
    #expect(rightCount == 2, "\(name): the checker gave up on nearly all histories")
  }

  private static let needed: [(name: String, rule: CoherenceRules, Trial)] = {
    var plain = Trial()
    plain.depthMax = 1
    plain.weights = [.get: 75, .set: 25]
    plain.keys = ["a", "b"]
    plain.proxies = 2
    var killed = plain
    // Seldom: while a link is away nothing is fetched, and so nothing is old.
    killed.killsEvery = 30
    killed.weights = [.get: 88, .set: 12]
    return [
      ("a push removes", .pushRemoves, plain), ("intents", .intents, plain),
      ("generations", .generations, killed),
    ]
  }()

  @Test(arguments: 0..<needed.count)
  func `without a rule one of these histories is wrong`(_ number: Int) async throws {
    let (name, rule, whole) = Self.needed[number]
    var random = SeededGenerator.forTest()
    var trial = whole
    trial.rules.remove(rule)
    for round in 1...40 {
      let verdicts = try await judge(trial, seed: random.next())
      if !verdicts.allSatisfy(\.violations.isEmpty) {
        print("without \(name): seen in history \(round)")
        return
      }
    }
    Issue.record("nobody has missed \(name)")
  }

  // MARK: When what is stale ends

  @Test func `what another proxy has written is seen once its invalidation is there`() throws {
    let relay = try Relay(to: server.port)
    let near = try Stack(server, through: relay.port)
    let far = try Stack(server)
    let reader = try near.connect()
    let writer = try far.connect()
    for round in 0..<30 {
      _ = try writer.query("SET", "k", "old \(round)")
      try poll("the old value") { try reader.query("GET", "k").text == "old \(round)" }
      // Nothing comes from Redis to the proxy before the reader.
      relay.stall(.toClient)
      _ = try writer.query("SET", "k", "new \(round)")
      #expect(try writer.query("GET", "k").text == "new \(round)")
      #expect(try reader.query("GET", "k").text == "old \(round)", "it was told in time")
      relay.resume(.toClient)
      // Whatever was on its way is applied with this, and then nobody sees the old value any more.
      _ = try reader.query("EVAL", "return 1", "0")
      for _ in 0..<3 { #expect(try reader.query("GET", "k").text == "new \(round)") }
    }
  }

  @Test func `without a word from Redis what is stale ends with the time to live`() throws {
    let relay = try Relay(to: server.port)
    let stack = try Stack(server, through: relay.port, loops: 1) { settings in
      settings.timeToLive = .milliseconds(300)
    }
    let reader = try stack.connect()
    _ = try server.query("SET", "k", "old")
    #expect(try reader.query("GET", "k").text == "old")
    relay.stall(.toClient)
    _ = try server.query("SET", "k", "new")
    var misses = 1
    var staleCount = 0
    // A hit is answered although Redis is not heard; the first miss waits for it.
    while misses == 1 {
      try reader.send(["GET", "k"])
      try poll("a hit or a miss") {
        let statistics = stack.proxy.cache.statistics
        misses = Int(statistics.misses)
        return Int(statistics.hits) > staleCount || misses > 1
      }
      if misses == 1 {
        #expect(try reader.receive().text == "old")
        staleCount += 1
      }
    }
    #expect(staleCount > 0)
    relay.resume(.toClient)
    #expect(try reader.receive().text == "new")
  }
}
