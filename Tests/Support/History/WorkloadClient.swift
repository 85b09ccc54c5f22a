public import ProxyCore

/// A client of its own thread that sends random pipelines over TCP and records what it sees.
///
/// When its connection is lost, all that is in flight is of unknown outcome, and it goes on as another
/// client of the history over another connection.
public final class WorkloadClient {
  private let port: UInt16
  private let place: Int?
  private let history: History
  private let options: WorkloadGenerator.Options
  private let refusals: Set<String>
  private let greeting: [String]
  private var recorder: HistoryClient
  private var workload: WorkloadGenerator
  private var connection: RESPConnection?

  /// A client that will connect to `port` of 127.0.0.1, where the cache at `place` is, or a server, and
  /// begin each connection with `greeting`.
  public init(
    port: UInt16, at place: Int? = nil, history: History,
    options: WorkloadGenerator.Options = .init(),
    refusals: Set<String> = WorkloadCall.refusals, greeting: [String] = []
  ) {
    self.greeting = greeting
    self.port = port
    self.place = place
    self.history = history
    self.options = options
    self.refusals = refusals
    recorder = history.client(at: place)
    workload = WorkloadGenerator(client: recorder.number, seed: history.seed, options: options)
  }

  /// One pipeline: all of it is sent, then the replies are taken one by one. Throws where nobody takes
  /// its connection; a connection that is lost later is no error. Says whether the outcome of all is known.
  @discardableResult
  public func run() throws -> Bool {
    let connection = try connection ?? connect()
    self.connection = connection
    let calls = workload.pipeline()
    var isKnown = true
    let sequences = calls.map { $0.calls.map(recorder.invoke) }
    var answeredCount = 0
    do {
      try connection.send(bytes: calls.flatMap(\.commands).flatMap(RESPConnection.encode))
      for (call, sequence) in zip(calls, sequences) {
        let replies = try call.commands.map { _ in try connection.receive().value }
        for (part, outcome) in zip(sequence, call.outcomes(replies, refusals: refusals)) {
          recorder.finish(part, outcome)
          if outcome == .unknown { isKnown = false }
        }
        answeredCount += 1
      }
      return isKnown
    } catch {
      for sequence in sequences.dropFirst(answeredCount).joined() {
        recorder.finish(sequence, .unknown)
      }
      self.connection = nil
      recorder = history.client(at: place)
      workload = WorkloadGenerator(client: recorder.number, seed: history.seed, options: options)
      return false
    }
  }

  private func connect() throws -> RESPConnection {
    let connection = try RESPConnection(port: port)
    if !greeting.isEmpty {
      try connection.send(greeting)
      _ = try connection.receive()
    }
    return connection
  }
}

extension RESPReply {
  /// The same reply as the product has it.
  public var value: RESPValue {
    switch self {
    case .simple(let text): .simpleString(Array(text.utf8))
    case .error(let text): .error(RESPError(text))
    case .integer(let number): .integer(number)
    case .bulk(let bytes): bytes.map { .bulkString($0) } ?? .null
    case .array(let elements): elements.map { .array($0.map(\.value)) } ?? .null
    case .push(let elements): .push(elements.map(\.value))
    case .other("_"): .null
    case .other(let line): .simpleString(Array(line.utf8))
    }
  }
}
