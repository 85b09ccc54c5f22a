@testable import TestSupport

/// Clients that send random pipelines to a server, all in one thread and in an order of chance: each call
/// is invoked, takes effect and returns at moments of its own.
struct Simulator {
  /// What is wrong with the server.
  enum Fault: CaseIterable {
    case staleRead, lostWrite, tornWrite, lostUpdate, disorder
  }

  private struct Flight {
    let recorder: HistoryClient
    let sequence: Int
    let call: Call
    var observations: [Observation]?
    /// What of it is still to take effect, where it is torn.
    var rest: [Action] = []
  }

  let history: History
  private var random: SeededGenerator
  private var workloads: [WorkloadGenerator]
  private var recorders: [HistoryClient] = []
  private var flights: [[Flight]]
  /// Calls whose client has gone, which may take effect yet.
  private var limbo: [Call] = []
  private var store = Store()
  private let options: WorkloadGenerator.Options

  var fault: Fault?
  /// How often the fault shows, and a connection is lost, in a thousand steps.
  var faultsPerThousand = 20
  var lossesPerThousand = 0
  /// Whether reads go through a cache that learns of scripts' writes only when these return.
  var hasCache = false
  private var cache: [String: Observation] = [:]

  init(clients: Int, options: WorkloadGenerator.Options, seed: UInt64) {
    history = History(seed: seed)
    random = SeededGenerator(seed: seed)
    self.options = options
    workloads = []
    flights = Array(repeating: [], count: clients)
    for _ in 0..<clients { connect() }
  }

  private mutating func connect() {
    recorders.append(history.client())
    workloads.append(
      WorkloadGenerator(
        client: recorders[recorders.count - 1].number, seed: history.seed, options: options))
  }

  mutating func run(steps: Int) {
    for _ in 0..<steps { step() }
  }

  private mutating func chance(perThousand: Int) -> Bool {
    Int.random(in: 0..<1000, using: &random) < perThousand
  }

  private mutating func step() {
    let client = Int.random(in: 0..<flights.count, using: &random)
    if flights[client].isEmpty {
      for call in workloads[client].pipeline() {
        let sequence = recorders[client].invoke(call.call)
        flights[client].append(
          Flight(recorder: recorders[client], sequence: sequence, call: call.call))
      }
    } else if chance(perThousand: lossesPerThousand) {
      lose(client)
    } else if !limbo.isEmpty, chance(perThousand: 100) {
      _ = execute(limbo.removeFirst())
    } else if flights[client][0].observations != nil, flights[client][0].rest.isEmpty,
      Bool.random(using: &random)
    {
      let flight = flights[client].removeFirst()
      if flight.call.isLoose {
        forget(flight.call)
        fence()
      }
      flight.recorder.finish(flight.sequence, .done(flight.observations ?? []))
    } else {
      advance(client)
    }
  }

  /// All in flight is lost: some of it takes effect later, some never.
  private mutating func lose(_ client: Int) {
    for flight in flights[client] {
      flight.recorder.finish(flight.sequence, .unknown)
      if flight.observations == nil, Bool.random(using: &random) { limbo.append(flight.call) }
    }
    flights[client] = []
    recorders[client] = history.client()
    workloads[client] = WorkloadGenerator(
      client: recorders[client].number, seed: history.seed, options: options)
  }

  /// The next call of the client takes effect.
  private mutating func advance(_ client: Int) {
    if let torn = flights[client].firstIndex(where: { !$0.rest.isEmpty }) {
      _ = execute(Call(flights[client][torn].rest))
      flights[client][torn].rest = []
      return
    }
    // What follows a script of one's own waits for its return.
    if flights[client].contains(where: { $0.call.isLoose && $0.observations != nil }) { return }
    let waiting = flights[client].indices.filter { flights[client][$0].observations == nil }
    guard var next = waiting.first else { return }
    let isFaulty = chance(perThousand: faultsPerThousand)
    if isFaulty, fault == .disorder { next = waiting.randomElement(using: &random) ?? next }
    let call = flights[client][next].call
    flights[client][next].observations = execute(call)
    guard isFaulty else { return }
    switch fault {
    case .staleRead where call.isCacheable:
      flights[client][next].observations = [store.previous[call.keys[0]] ?? .absent]
    case .lostWrite where call.actions.count == 1 && !call.isRead: store.undo()
    case .lostUpdate where call.actions.count == 2 && call.actions[0].isGet: store.undo()
    case .tornWrite where call.actions.count > 1 && call.keys.count > 1 && !call.isRead:
      store.undo()
      flights[client][next].observations =
        execute(Call([call.actions[0]]))
        + Array(repeating: .nothing, count: call.actions.count - 1)
      flights[client][next].rest = Array(call.actions.dropFirst())
    default: break
    }
  }

  private mutating func execute(_ call: Call) -> [Observation] {
    if hasCache, call.isCacheable, let cached = cache[call.keys[0]] { return [cached] }
    if !call.isLoose { forget(call) }
    let observations = store.execute(call, &random)
    if hasCache, call.isCacheable { cache[call.keys[0]] = observations[0] }
    // A cache must not show what has vanished at the server.
    if call.isRead { for key in call.keys where store.mayVanish(key) { cache[key] = nil } }
    return observations
  }

  /// A script returns after the cache has heard all that happened before it, other scripts included.
  private mutating func fence() {
    for flight in flights.joined() where flight.call.isLoose && flight.observations != nil {
      forget(flight.call)
    }
  }

  private mutating func forget(_ call: Call) {
    if !call.isRead || call.isTransaction { for key in call.keys { cache[key] = nil } }
  }
}

/// Registers, as Redis has them.
struct Store {
  private var held: [String: (value: String, mayExpire: Bool)] = [:]
  private var before: [String: (value: String, mayExpire: Bool)] = [:]
  /// What a key held before its last change.
  private(set) var previous: [String: Observation] = [:]

  func mayVanish(_ key: String) -> Bool { held[key]?.mayExpire ?? false }

  /// Takes the last call back.
  mutating func undo() { held = before }

  mutating func execute(_ call: Call, _ random: inout SeededGenerator) -> [Observation] {
    for key in call.keys where mayVanish(key) {
      if Int.random(in: 0..<3, using: &random) == 0 { held[key] = nil }
    }
    before = held
    return call.actions.map { action in
      let key = action.keys[0]
      let old: Observation = held[key].map { .value($0.value) } ?? .absent
      let presence: Observation = held[key] == nil ? .absent : .present
      if !action.isGet { previous[key] = old }
      switch action {
      case .get: return old
      case .set(_, let value, let mayExpire):
        held[key] = (value, mayExpire)
        return .nothing
      case .delete:
        held[key] = nil
        return presence
      case .mayExpire:
        held[key]?.mayExpire = true
        return presence
      case .rename(_, let target):
        if let moved = held.removeValue(forKey: key) { held[target] = moved }
        return presence
      }
    }
  }
}
