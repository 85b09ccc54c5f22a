/// Random calls of one client over a few hot keys.
///
/// ```swift
/// var workload = WorkloadGenerator(client: recorder.number, seed: seed)
/// for call in workload.pipeline() { … }
/// ```
///
/// Values are written once: the client's number, a point, and a number of the client's own. What it
/// generates follows from the client and the seed, whatever the replies are.
public struct WorkloadGenerator: Sendable {
  /// The kinds of calls.
  public enum Kind: CaseIterable, Sendable {
    case get, set, setExpiring, mset, delete, expire, expireNow, rename, getset, setGet
    case transaction, script, mget
  }

  /// What to generate.
  public struct Options: Sendable {
    /// The hot keys.
    public var keys: [String]
    /// How often each kind comes, relative to the others; 0 for what is missing.
    public var weights: [Kind: Int]
    /// The most calls in flight at once.
    public var depthMax: Int
    /// The longest value; one in eight is of any length up to it, the others are short.
    public var valueBytesMax: Int
    /// The longest time that a value with an expiry lives.
    public var expiryMillisecondsMax: Int
    /// Whether the elements of MGET are recorded as reads of their own: no snapshot is promised.
    public var splitsMget: Bool

    /// Half reads, and some of everything else.
    public init(
      keys: [String] = ["a", "b", "c", "d"], weights: [Kind: Int] = Options.everything,
      depthMax: Int = 4, valueBytesMax: Int = 0, expiryMillisecondsMax: Int = 20,
      splitsMget: Bool = false
    ) {
      self.splitsMget = splitsMget
      self.keys = keys
      self.weights = weights
      self.depthMax = depthMax
      self.valueBytesMax = valueBytesMax
      self.expiryMillisecondsMax = expiryMillisecondsMax
    }

    /// Half reads, and some of every other kind.
    public static let everything: [Kind: Int] = [
      .get: 40, .set: 12, .setExpiring: 3, .mset: 5, .delete: 5, .expire: 1, .expireNow: 1,
      .rename: 3, .getset: 3, .setGet: 2, .transaction: 4, .script: 4, .mget: 6,
    ]

    /// Reads and writes only: what the register check is exact for, at any concurrency.
    public static let registers: [Kind: Int] = [.get: 70, .set: 20, .mset: 5, .mget: 5]
  }

  private let client: Int
  private let options: Options
  private let kinds: [Kind]
  private var random: SeededGenerator
  private var writtenCount = 0

  /// The workload of one client of a test.
  public init(client: Int, seed: UInt64, options: Options = Options()) {
    precondition(options.keys.count >= 2, "a rename needs two keys")
    self.client = client
    self.options = options
    kinds = Kind.allCases.flatMap { Array(repeating: $0, count: options.weights[$0] ?? 0) }
    random = SeededGenerator(seed: seed &+ UInt64(client) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// As many calls as the client is to have in flight next.
  public mutating func pipeline() -> [WorkloadCall] {
    (0..<Int.random(in: 1...options.depthMax, using: &random)).map { _ in next() }
  }

  /// One call.
  public mutating func next() -> WorkloadCall {
    let kind = kinds.randomElement(using: &random) ?? .get
    switch kind {
    case .transaction:
      let simple: [Kind] = [.get, .get, .set, .mset, .delete, .getset, .mget]
      let count = Int.random(in: 1...3, using: &random)
      return WorkloadCall(
        transaction: (0..<count).map { _ in request(simple.randomElement(using: &random) ?? .get) })
    case .script: return WorkloadCall(script(), isLoose: true)
    case .mget: return WorkloadCall(request(kind), isSplit: options.splitsMget)
    default: return WorkloadCall(request(kind))
    }
  }

  private mutating func request(_ kind: Kind) -> WorkloadRequest {
    let keys = options.keys.shuffled(using: &random)
    let key = keys[0]
    switch kind {
    case .get: return WorkloadRequest(words: ["GET", key], actions: [.get(key)], form: .value)
    case .mget: return mget(Array(keys.prefix(Int.random(in: 2...keys.count, using: &random))))
    case .mset: return mset(Array(keys.prefix(Int.random(in: 2...keys.count, using: &random))))
    case .delete, .expireNow:
      let words =
        kind == .delete
        ? ["DEL", key]
        : [["EXPIRE", key, "0"], ["PEXPIRE", key, "-1"]].randomElement(using: &random)
      return WorkloadRequest(words: words ?? [], actions: [.delete(key)], form: .presence)
    case .expire:
      return WorkloadRequest(
        words: ["PEXPIRE", key, milliseconds()], actions: [.mayExpire(key)], form: .presence)
    case .rename:
      return WorkloadRequest(
        words: ["RENAME", key, keys[1]], actions: [.rename(key, to: keys[1])], form: .rename)
    default: return write(kind, key)
    }
  }

  /// Those that write one value, which perhaps return the one before.
  private mutating func write(_ kind: Kind, _ key: String) -> WorkloadRequest {
    let (name, text) = value()
    let set = Action.set(key, to: name)
    switch kind {
    case .setExpiring:
      return WorkloadRequest(
        words: ["SET", key, text, "PX", milliseconds()],
        actions: [.set(key, to: name, mayExpire: true)], form: .status)
    case .getset:
      return WorkloadRequest(
        words: ["GETSET", key, text], actions: [.get(key), set], form: .value)
    case .setGet:
      return WorkloadRequest(
        words: ["SET", key, text, "GET"], actions: [.get(key), set], form: .value)
    default:
      return WorkloadRequest(words: ["SET", key, text], actions: [set], form: .status)
    }
  }

  private func mget(_ keys: [String]) -> WorkloadRequest {
    WorkloadRequest(words: ["MGET"] + keys, actions: keys.map { .get($0) }, form: .values)
  }

  private mutating func mset(_ keys: [String]) -> WorkloadRequest {
    var words = ["MSET"]
    var actions: [Action] = []
    for key in keys {
      let (name, text) = value()
      words += [key, text]
      actions.append(.set(key, to: name))
    }
    return WorkloadRequest(words: words, actions: actions, form: .status)
  }

  /// Returns the value of a key that it declares and overwrites it, and one that it does not declare.
  private mutating func script() -> WorkloadRequest {
    let keys = options.keys.shuffled(using: &random)
    let (first, firstText) = value()
    let (second, secondText) = value()
    let body = """
      local old = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) \
      redis.call('SET', ARGV[2], ARGV[3]) return old
      """
    return WorkloadRequest(
      words: ["EVAL", body, "1", keys[0], firstText, keys[1], secondText],
      actions: [.get(keys[0]), .set(keys[0], to: first), .set(keys[1], to: second)], form: .value)
  }

  private mutating func value() -> (name: String, text: String) {
    writtenCount += 1
    let name = "\(client).\(writtenCount)"
    let isLong = Int.random(in: 0..<8, using: &random) == 0
    let length = isLong ? Int.random(in: 0...options.valueBytesMax, using: &random) : 0
    return (name, WorkloadValue.text(name: name, length: length))
  }

  private mutating func milliseconds() -> String {
    "\(Int.random(in: 1...options.expiryMillisecondsMax, using: &random))"
  }
}
