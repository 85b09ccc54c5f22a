import Glibc
import TestSupport
import Testing

@testable import ProxyCore
@testable import RESPFront

/// Histories of concurrent clients of one proxy, its links to Redis disturbed, judged by a checker that
/// knows nothing of how the proxy works; and the same with each rule of coherence left out in turn, which
/// the checker has to notice.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"), .serialized)
struct CoherenceProofTests {
  /// What happens to the links meanwhile.
  struct Trial: Sendable {
    var rules = CoherenceRules.all
    var coherence = ProxySettings.Coherence.auto
    var weights = WorkloadGenerator.Options.everything
    var keys = ["a", "b", "c"]
    var depthMax = 4
    var expiryMillisecondsMax = 20
    var rounds = 120
    var clients = 4
    var jitter = Duration.milliseconds(2)
    var slice = 0
    /// Links are killed, one after so many rounds of a client.
    var killsEvery: Int?
    var promise = HistoryCheck(.nearCache)
    /// Whether MGET is answered from memory, and so promises no snapshot.
    var cachesMultipleGets = false
  }

  let server: RedisServer

  init() throws { server = try RedisServer() }

  /// What the checker says of a history. One that it could not search to the end, as everything overlaps
  /// where the machine stood still, proves nothing: then it is another one's turn, a few times.
  func judge(_ trial: Trial, seed: UInt64) async throws -> Verdict {
    var attempts: UInt64 = 0
    while true {
      let verdict = try await judgeOnce(trial, seed: seed &+ attempts)
      attempts += 1
      if verdict.unexaminedCount == 0 || !verdict.violations.isEmpty || attempts == 4 {
        return verdict
      }
      print("not searched to the end: \(verdict)")
    }
  }

  private func judgeOnce(_ trial: Trial, seed: UInt64) async throws -> Verdict {
    _ = try server.query("FLUSHALL")
    let relay = try Relay(to: server.port)
    let stack = try Stack(
      server, through: relay.port, loops: 3,
      settings: { settings in
        settings.rules = trial.rules
        settings.coherence = trial.coherence
      }, options: { $0.cachesMultipleGets = trial.cachesMultipleGets })
    for direction in [Relay.Direction.toClient, .toTarget] {
      relay.jitter(trial.jitter, direction)
    }
    if trial.slice > 0 { relay.slice(bytes: trial.slice, .toTarget) }
    let history = History(seed: seed)
    let options = WorkloadGenerator.Options(
      keys: trial.keys, weights: trial.weights, depthMax: trial.depthMax, valueBytesMax: 400,
      expiryMillisecondsMax: trial.expiryMillisecondsMax, splitsMget: trial.cachesMultipleGets)
    let port = stack.port
    let proxy = stack.proxy
    async let library: Void = Self.useLibrary(proxy, history, options, rounds: trial.rounds)
    await onThreads(trial.clients) { [server] number in
      let client = WorkloadClient(port: port, history: history, options: options)
      for round in 1...trial.rounds {
        guard (try? client.run()) != nil else {
          Issue.record("a client was not served")
          return
        }
        if number == 0, let every = trial.killsEvery, round % every == 0 { Self.killLink(server) }
      }
    }
    await library
    #expect(history.operations.count >= trial.rounds)
    return trial.promise.judge(history)
  }

  /// A program's tasks, which ask the same memory without a socket.
  private static func useLibrary(
    _ proxy: Proxy, _ history: History, _ options: WorkloadGenerator.Options, rounds: Int
  ) async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        // A call that stands still between its two records overlaps all that happens meanwhile, and
        // the search grows with what overlaps.
        group.addTask(executorPreference: ThreadOfTasks()) {
          let recorder = history.client()
          var workload = WorkloadGenerator(
            client: recorder.number, seed: history.seed, options: options)
          for _ in 0..<rounds {
            let call = workload.next()
            // A transaction of one command is that command: memory may answer it.
            let (whole, isOne) = (call.call, call.commands.count == 3)
            let asked = isOne ? Call(whole.actions, label: whole.label) : whole
            let sequence = recorder.invoke(asked)
            let outcome = call.outcome(await replies(to: call.commands, proxy))
            recorder.finish(sequence, outcome)
          }
        }
      }
    }
  }

  private static let unanswered = RESPValue.error(RESPError("ERR not answered"))

  /// The replies as a connection would have them; an error is one that tells nothing.
  private static func replies(to commands: [[String]], _ proxy: Proxy) async -> [RESPValue] {
    let isTransaction = commands.count > 1
    let inner = isTransaction ? Array(commands.dropFirst().dropLast()) : commands
    let outcome =
      if inner.count == 1, inner[0][0] == "GET" {
        await proxy.value(of: Array(inner[0][1].utf8), database: 0)
      } else {
        await proxy.reply(to: inner.map { multibulk($0.map { Array($0.utf8) }) }, database: 0)
      }
    let reply: RESPValue =
      switch outcome {
      case .value(let bytes): bytes.map { .bulkString($0) } ?? .null
      case .reply(let reply): reply
      case .large, .failure: unanswered
      }
    guard isTransaction else { return [reply] }
    // What was not answered is no element of an answer.
    let results = inner.count == 1 && reply != unanswered ? RESPValue.array([reply]) : reply
    return [.simpleString(Array("OK".utf8))]
      + inner.map { _ in .simpleString(Array("QUEUED".utf8)) } + [results]
  }

  /// Ends a fill link, if there is one.
  private static func killLink(_ server: RedisServer) {
    let clients = (try? server.query("CLIENT", "LIST").text) ?? ""
    let links = clients.split(separator: "\n").filter { $0.contains("name=proxyd-fill") }
    guard let id = links.randomElement()?.split(separator: " ").first?.dropFirst(3) else { return }
    _ = try? server.query("CLIENT", "KILL", "ID", String(id))
  }

  /// Everything, scripts included: while one is not answered, a read from memory may show what was before it,
  /// even to a client that has seen what it wrote; from its reply on, nothing older than all that had
  /// happened by then.
  static let sound: [(name: String, Trial)] = {
    let piped = Trial()
    var single = piped
    single.depthMax = 1
    return [("pipelines", piped), ("single calls", single)].flatMap { name, trial in
      var cut = trial
      cut.killsEvery = 10
      cut.slice = 30
      var untracked = trial
      untracked.coherence = .timeToLive
      var many = trial
      many.cachesMultipleGets = true
      many.weights[.mget] = 40
      return [
        ("\(name), MGET from memory", many),
        (name, trial), ("\(name), links lost and requests cut", cut),
        ("\(name), nothing tracked", untracked),
      ]
    }
  }()

  @Test(arguments: 0..<sound.count)
  func `with all rules no history of concurrent clients is wrong`(_ number: Int) async throws {
    let (name, trial) = Self.sound[number]
    var random = SeededGenerator.forTest()
    for _ in 0..<2 {
      let verdict = try await judge(trial, seed: random.next())
      #expect(verdict.isRight, "\(name): \(verdict)")
    }
  }

  /// Each rule, by name, and a trial that needs it.
  static let needed: [(name: String, rule: CoherenceRules, Trial)] = {
    let reads: [WorkloadGenerator.Kind: Int] = [.get: 70, .set: 25, .mget: 5]
    let scripts: [WorkloadGenerator.Kind: Int] = [.get: 75, .script: 20, .mget: 5]
    var plain = Trial()
    plain.weights = reads
    plain.depthMax = 1
    plain.keys = ["a", "b"]
    var scripted = plain
    scripted.weights = scripts
    var sliced = scripted
    sliced.slice = 20
    var killed = scripted
    killed.killsEvery = 3
    var piped = plain
    piped.depthMax = 6
    var many = plain
    many.cachesMultipleGets = true
    many.weights = [.set: 25, .mget: 75]
    var manyPiped = many
    manyPiped.depthMax = 6
    // Where Redis tells nothing, a key that ends between the two halves of its fill is kept for good.
    var expiring = plain
    expiring.coherence = .timeToLive
    expiring.weights = [.get: 60, .setExpiring: 20, .mget: 20]
    expiring.expiryMillisecondsMax = 4
    expiring.slice = 20
    return [
      ("intents", .intents, plain),
      ("joining only what is current", .joinsCurrentOnly, plain),
      ("storing only what is current", .storesCurrentOnly, plain),
      ("a push removes", .pushRemoves, scripted),
      ("a push detaches", .pushDetaches, sliced),
      ("generations", .generations, killed),
      ("fences", .fences, scripted),
      ("order", .order, piped),
      ("agreement", .agreement, expiring),
      ("intents, with MGET from memory", .intents, many),
      ("order, with MGET from memory", .order, manyPiped),
    ]
  }()

  @Test(arguments: 0..<needed.count)
  func `with each rule no history is wrong, and without it one is`(_ number: Int) async throws {
    let (name, rule, whole) = Self.needed[number]
    var random = SeededGenerator.forTest()
    for _ in 0..<3 {
      let verdict = try await judge(whole, seed: random.next())
      #expect(verdict.isRight, "with \(name): \(verdict)")
    }
    var trial = whole
    trial.rules.remove(rule)
    // Not every history needs every rule.
    for round in 1...40 {
      let verdict = try await judge(trial, seed: random.next())
      if !verdict.violations.isEmpty {
        print("without \(name): seen in history \(round)")
        return
      }
    }
    Issue.record("nobody has missed \(name)")
  }

  // MARK: Rules that a random history seldom needs

  /// A client that records what it is told to do, one call after another.
  private struct Scribe {
    let connection: RESPConnection
    let client: HistoryClient

    init(port: UInt16, _ history: History) throws {
      connection = try RESPConnection(port: port)
      client = history.client()
    }

    @discardableResult
    func call(_ words: [String], _ actions: [Action]) throws -> Outcome {
      let sequence = client.invoke(Call(actions, label: words.joined(separator: " ")))
      try connection.send(words)
      var reply = try connection.receive()
      if case .array(let elements?) = reply, let only = elements.first { reply = only }
      let outcome: Outcome =
        switch reply {
        case .error: .unknown
        case .bulk(nil): .done([.absent])
        case .bulk(let bytes?): .done([.value(String(decoding: bytes, as: UTF8.self))])
        default: .done(actions.map { _ in .nothing })
        }
      client.finish(sequence, outcome)
      return outcome
    }
  }

  @Test(arguments: [true, false])
  func `what replaces the data set empties the cache`(isKept: Bool) throws {
    let relay = try Relay(to: server.port)
    let stack = try Stack(server, through: relay.port) { settings in
      if !isKept { settings.rules.remove(.empties) }
    }
    let history = History(seed: 0)
    let scribe = try Scribe(port: stack.port, history)
    for number in 0..<20 {
      try scribe.call(["SET", "k", "\(number)"], [.set("k", to: "\(number)")])
      try scribe.call(["GET", "k"], [.get("k")])
      try scribe.call(["FLUSHALL"], [.delete("k")])
      try scribe.call(["GET", "k"], [.get("k")])
    }
    let verdict = HistoryCheck(.nearCache).judge(history)
    #expect(verdict.violations.isEmpty == isKept, "\(verdict)")
  }

  /// A write is on its way when its link is lost, and reaches Redis long after its client was told that
  /// nobody knows. Without tracking nothing but the hold keeps the old value from being kept meanwhile.
  @Test(arguments: [true, false])
  func `a write of unknown outcome holds its keys`(isKept: Bool) async throws {
    let relay = try Relay(to: server.port)
    let stack = try Stack(server, through: relay.port, loops: 1) { settings in
      settings.coherence = .timeToLive
      if !isKept { settings.rules.remove(.holdsUnknown) }
    }
    let history = History(seed: 0)
    let reader = try Scribe(port: stack.port, history)
    try reader.call(["SET", "k", "old"], [.set("k", to: "old")])
    try reader.call(["GET", "k"], [.get("k")])
    relay.delay(.seconds(2), .toTarget)
    let port = server.port
    let front = stack.port
    await onThreads(2) { number in
      if number == 0 {
        let writer = try? Scribe(port: front, history)
        let outcome = try? writer?.call(["SET", "k", "new"], [.set("k", to: "new")])
        if outcome != .unknown { Issue.record("the write was answered") }
      } else {
        // Once the request is with the relay, the proxy's side of the connection is lost.
        usleep(300_000)
        relay.delay(.zero, .toTarget)
        relay.reset(.toClient)
      }
    }
    // The links are on their way again, and the write is not there yet.
    while try reader.call(["GET", "k"], [.get("k")]) == .unknown { usleep(10_000) }
    // The first link that is back may be another than the one that fills memory.
    for _ in 0..<20 {
      try reader.call(["GET", "k"], [.get("k")])
      usleep(20_000)
    }
    let direct = try RESPConnection(port: port)
    var waits = 0
    while try direct.query("GET", "k").text != "new", waits < 400 {
      usleep(10_000)
      waits += 1
    }
    try #require(waits < 400, "the write never reached Redis")
    try reader.call(["MGET", "k"], [.get("k")])
    try reader.call(["GET", "k"], [.get("k")])
    let verdict = HistoryCheck(.strict).judge(history)
    #expect(verdict.violations.isEmpty == isKept, "\(verdict)")
  }
}
