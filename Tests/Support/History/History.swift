import Synchronization

/// What concurrent clients asked for and heard, to be judged afterwards by a `HistoryCheck`.
///
/// ```swift
/// let history = History(seed: seed)
/// let client = history.client()                        // one a connection
/// let number = client.invoke(Call([.get("k")]))        // before it is sent
/// client.finish(number, .done([.value("3.7")]))        // after it was answered
/// ```
///
/// All invocations and returns take a time from one counter. If one call returned before another was
/// invoked their times say so; beyond that, times mean nothing. A client has a lock of its own, so that
/// recording makes nobody wait for another.
public final class History: Sendable {
  /// What to replay, for the report.
  public let seed: UInt64
  private let clock = Atomic(0)
  private let clients = Shared<[HistoryClient]>([])
  private let settled = Shared<[Int]>([])
  let fences = Shared<[Fence]>([])

  /// An empty history of the test that ran with `seed`.
  public init(seed: UInt64) { self.seed = seed }

  /// A client of its own number, of the cache at `place`; of the server itself where there is none.
  public func client(at place: Int? = nil) -> HistoryClient {
    clients.change { clients in
      let client = HistoryClient(number: clients.count, place: place, history: self)
      clients.append(client)
      return client
    }
  }

  /// Says that no earlier call of unknown outcome will take effect any more, nor is any server or cache
  /// still behind with it: the test has made sure. Without this they may do so for ever, which
  /// explains nearly everything.
  public func settle() {
    let time = tick()
    settled.change { $0.append(time) }
  }

  /// All operations until now, by the time of their invocation. What has not returned is of unknown
  /// outcome.
  public var operations: [Operation] {
    let settled = settled.value
    var operations = clients.value.flatMap(\.operations)
    for index in operations.indices where operations[index].isOptional {
      let heard = operations[index].returned
      let from = heard == .max ? operations[index].invoked : heard
      operations[index].returned = settled.first { $0 > from } ?? .max
    }
    return operations.sorted { $0.invoked < $1.invoked }
  }

  /// Something that a test did through the cache at `place`, at whose end the cache had applied whatever
  /// the server had told it before the beginning.
  struct Fence {
    let place: Int
    let begun: Int
    let ended: Int
  }

  /// Does such a thing.
  public func fence(at place: Int, _ body: () throws -> Void) rethrows {
    let begun = tick()
    try body()
    let ended = tick()
    fences.change { $0.append(Fence(place: place, begun: begun, ended: ended)) }
  }

  func tick() -> Int { clock.add(1, ordering: .sequentiallyConsistent).newValue }
}

/// One client's part of a history. Any thread may record, but calls of one client are ordered: invoke
/// them in the order in which they are sent.
public final class HistoryClient: Sendable {
  /// Which client.
  public let number: Int
  private let place: Int?
  private let history: History
  private let recorded = Shared<[Operation]>([])

  init(number: Int, place: Int?, history: History) {
    self.number = number
    self.place = place
    self.history = history
  }

  var operations: [Operation] { recorded.value }

  /// Records that a call is about to be sent. Returns its place among the client's calls.
  public func invoke(_ call: Call) -> Int {
    recorded.change { recorded in
      recorded.append(
        Operation(
          client: number, sequence: recorded.count, call: call, invoked: history.tick(),
          returned: .max, outcome: .unknown, place: place))
      return recorded.count - 1
    }
  }

  /// Records how a call ended.
  public func finish(_ sequence: Int, _ outcome: Outcome) {
    recorded.change { recorded in
      if case .done(let observations) = outcome {
        precondition(observations.count == recorded[sequence].call.actions.count)
      }
      recorded[sequence].returned = history.tick()
      recorded[sequence].outcome = outcome
    }
  }
}
