/// One thing that a command does to one register: the alphabet into which all commands of a workload
/// are translated. `GETSET k v` is `[.get(k), .set(k, to: v)]`, `MSET` is several `.set`.
public enum Action: Hashable, Sendable {
  /// Observes the value.
  case get(String)
  /// Writes a value that is written nowhere else; it may vanish by itself where it `mayExpire`.
  case set(String, to: String, mayExpire: Bool = false)
  /// Observes whether there was a value, and removes it.
  case delete(String)
  /// Observes whether there was a value, and moves it; without one, nothing happens.
  case rename(String, to: String)
  /// Observes whether there is a value, which from now on may vanish by itself.
  case mayExpire(String)

  /// The registers that it touches.
  public var keys: [String] {
    switch self {
    case .get(let key), .set(let key, _, _), .delete(let key), .mayExpire(let key): [key]
    case .rename(let key, let other): [key, other]
    }
  }

  var isGet: Bool { if case .get = self { true } else { false } }
}

/// What a client learned from one action.
public enum Observation: Hashable, Sendable {
  /// Nothing was said, or nobody heard it: anything may have been.
  case nothing
  /// There was no value.
  case absent
  /// There was some value.
  case present
  /// There was this value.
  case value(String)
}

/// How a call ended, as its client saw it.
public enum Outcome: Equatable, Sendable {
  /// Answered: an observation an action.
  case done([Observation])
  /// It has certainly had no effect.
  case refused
  /// Nobody knows: it may have taken effect, may do so at any later time, or never.
  case unknown
}

/// What a client asks for in one call: all of its actions take effect at one moment.
public struct Call: Sendable {
  /// The actions, in their order.
  public let actions: [Action]
  /// For people: the command.
  public let label: String
  /// Whether a near cache may show the old value until the call is answered, even to those who have
  /// seen the new one: scripts, which may write what they do not declare.
  public internal(set) var isLoose: Bool
  /// Whether program order holds between it and all others of its client, whatever they name.
  public let namesAll: Bool
  /// Whether it is a transaction, which a near cache neither answers nor knows any better than.
  public let isTransaction: Bool

  /// A call of so many actions.
  public init(
    _ actions: [Action], label: String? = nil, isLoose: Bool = false, namesAll: Bool = false,
    isTransaction: Bool = false
  ) {
    self.actions = actions
    self.label = label ?? actions.map { "\($0)" }.joined(separator: ", ")
    self.isLoose = isLoose
    self.namesAll = namesAll
    self.isTransaction = isTransaction
  }

  /// The registers that it touches, each once.
  public var keys: [String] {
    var seen: Set<String> = []
    return actions.flatMap(\.keys).filter { seen.insert($0).inserted }
  }

  /// Whether a near cache knows nothing of this key any more once the call has begun: where it may change
  /// what the key holds, and of every key that a transaction names.
  func evicts(_ key: String) -> Bool {
    actions.contains { (isTransaction || !$0.isGet) && $0.keys.contains(key) }
  }

  /// Whether it changes nothing.
  public var isRead: Bool { actions.allSatisfy(\.isGet) }

  /// Whether a near cache may have answered it: one read of one key, and nothing else.
  var isCacheable: Bool { actions.count == 1 && isRead && !isTransaction }
}

/// A call with its time and its outcome.
public struct Operation: Sendable {
  /// Which client: a connection. One that connects anew is another client, since nothing orders what
  /// it asks for after what it lost.
  public let client: Int
  /// Its place among the calls of its client, which may have several in flight.
  public let sequence: Int
  /// What was asked for.
  public internal(set) var call: Call
  /// When it was sent. No two events of a history have the same time.
  public internal(set) var invoked: Int
  /// By when it had taken effect, if ever: when it was answered; `Int.max` where there is no such time.
  public internal(set) var returned: Int
  /// How it ended.
  public internal(set) var outcome: Outcome
  /// Through which cache it was sent; nil where through none.
  var place: Int?

  /// Whether it may never have taken effect.
  public var isOptional: Bool { outcome == .unknown }

  /// What was learned from each action.
  public var observations: [Observation] {
    if case .done(let observations) = outcome { return observations }
    return call.actions.map { _ in .nothing }
  }
}

extension Operation: CustomStringConvertible {
  /// For people: `[12, 15] client 3 #7: GETSET k 3.7 -> 1.2`.
  public var description: String {
    let end = returned == .max ? "…" : "\(returned)"
    let heard =
      switch outcome {
      case .refused: "refused"
      case .unknown: "outcome unknown"
      case .done(let observations):
        observations.map { observation in
          switch observation {
          case .nothing: "ok"
          case .absent: "absent"
          case .present: "present"
          case .value(let value): value
          }
        }.joined(separator: ", ")
      }
    return "[\(invoked), \(end)] client \(client) #\(sequence): \(call.label) -> \(heard)"
  }
}
