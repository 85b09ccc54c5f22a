import Synchronization
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
  }

  let server: RedisServer

  init() throws { server = try RedisServer() }

  /// One history, and what the checker says of it.
  func judge(_ trial: Trial, seed: UInt64) async throws -> Verdict {
    _ = try server.query("FLUSHALL")
    let relay = try Relay(to: server.port)
    let stack = try Stack(server, through: relay.port, loops: 3) { settings in
      settings.rules = trial.rules
      settings.coherence = trial.coherence
    }
    for direction in [Relay.Direction.toClient, .toTarget] {
      relay.jitter(trial.jitter, direction)
    }
    if trial.slice > 0 { relay.slice(bytes: trial.slice, .toTarget) }
    let history = History(seed: seed)
    let options = WorkloadGenerator.Options(
      keys: trial.keys, weights: trial.weights, depthMax: trial.depthMax, valueBytesMax: 400,
      expiryMillisecondsMax: trial.expiryMillisecondsMax)
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
        group.addTask {
          let recorder = history.client()
          var workload = WorkloadGenerator(
            client: recorder.number, seed: history.seed, options: options)
          for _ in 0..<rounds {
            let call = workload.next()
            let sequence = recorder.invoke(call.call)
            let outcome = call.outcome(await replies(to: call.commands, proxy))
            recorder.finish(sequence, outcome)
          }
        }
      }
    }
  }

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
      case .large, .failure: .error(RESPError("ERR not answered"))
      }
    guard isTransaction else { return [reply] }
    let results = inner.count == 1 ? RESPValue.array([reply]) : reply
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

  @Test func `with all rules no history of concurrent clients is wrong`() async throws {
    var random = SeededGenerator.forTest()
    for _ in 0..<4 {
      let verdict = try await judge(Trial(), seed: random.next())
      #expect(verdict.isRight, "\(verdict)")
    }
  }

  @Test func `nor where links are lost, requests are cut and nothing is tracked`() async throws {
    var random = SeededGenerator.forTest()
    var cut = Trial()
    cut.killsEvery = 10
    cut.slice = 30
    var untracked = Trial()
    untracked.coherence = .timeToLive
    for (name, trial) in [("cut", cut), ("untracked", untracked)] {
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
    return [
      ("intents", .intents, plain),
      ("joining only what is current", .joinsCurrentOnly, plain),
      ("storing only what is current", .storesCurrentOnly, plain),
      ("a push removes", .pushRemoves, scripted),
      ("a push detaches", .pushDetaches, sliced),
      ("generations", .generations, killed),
      ("fences", .fences, scripted),
      ("order", .order, piped),
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
}
