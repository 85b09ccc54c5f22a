import Foundation
import TestSupport
import Testing

/// Random traffic on both fronts, everything that is read held against everything that was written.
struct FaultLoad: Sendable {
  var options = WorkloadGenerator.Options(
    keys: ["a", "b", "c", "d", "e"], depthMax: 3, valueBytesMax: 400)
  var respClients = 4
  var httpClients = 2
  /// Between two pipelines of a client.
  var pause: UInt32 = 10_000
  /// After one that has failed: what is of unknown outcome proves little.
  var failurePause: UInt32 = 100_000

  /// Runs `fault` while clients are at work, and judges what they have seen.
  func verdict(
    on site: FaultSite, seed: UInt64, during fault: @escaping @Sendable (History) throws -> Void
  ) async throws -> Verdict {
    let history = History(seed: seed)
    let failure = Shared<(any Error)?>(nil)
    let isOver = Shared(false)
    await onThreads(1 + respClients + httpClients) { number in
      switch number {
      case 0:
        do { try fault(history) } catch { failure.change { $0 = error } }
        isOver.change { $0 = true }
      case 1...respClients:
        let greeting = number % 2 == 0 ? ["HELLO", "3"] : []
        let client = WorkloadClient(
          port: site.proxyd.port, history: history, options: options, greeting: greeting)
        work(until: isOver) { (try? client.run()) == true }
      default:
        let client = HTTPWorkloadClient(port: site.proxyd.httpPort, history, options)
        work(until: isOver) { client.run() }
      }
    }
    if let error = failure.value { throw error }
    let verdict = HistoryCheck(.nearCache, configurationsMax: 50_000).judge(history)
    // Where the machine stood still everything overlaps, and of several keys together not all can be
    // searched. Each key alone always is.
    if verdict.unexaminedCount > 0 { print("fault: not searched to the end: \(verdict)") }
    return verdict
  }

  private func work(until isOver: Shared<Bool>, _ step: () -> Bool) {
    while !isOver.value { usleep(step() ? pause : failurePause) }
  }
}

/// A client of its own thread that reads and writes over HTTP and records what it sees.
final class HTTPWorkloadClient {
  private let port: UInt16
  private let history: History
  private let keys: [String]
  private var recorder: HistoryClient
  private var random: SeededGenerator
  private var connection: HTTPConnection?
  private var writtenCount = 0

  init(port: UInt16, _ history: History, _ options: WorkloadGenerator.Options) {
    self.port = port
    self.history = history
    keys = options.keys
    recorder = history.client()
    random = SeededGenerator(seed: history.seed &+ UInt64(recorder.number))
  }

  /// One request. Says whether it was answered as asked.
  func run() -> Bool {
    let key = keys.randomElement(using: &random) ?? ""
    let dice = Int.random(in: 0..<10, using: &random)
    let call: Call
    var body: String?
    switch dice {
    case 0:
      call = Call([.delete(key)], label: "HTTP DELETE \(key)")
    case 1...2:
      writtenCount += 1
      let value = "\(recorder.number).\(writtenCount)"
      body = value
      call = Call([.set(key, to: value)], label: "HTTP PUT \(key) \(value)")
    default:
      call = Call([.get(key)], label: "HTTP GET \(key)")
    }
    let sequence = recorder.invoke(call)
    do {
      let connection = try connection ?? HTTPConnection(port: port)
      self.connection = connection
      let method = body != nil ? "PUT" : dice == 0 ? "DELETE" : "GET"
      let fields = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
      try connection.send(method, "/\(key)", fields)
      if let body { try connection.send(raw: body) }
      let outcome = Self.outcome(try connection.receive(), of: call)
      recorder.finish(sequence, outcome)
      return outcome != .unknown
    } catch {
      recorder.finish(sequence, .unknown)
      connection = nil
      recorder = history.client()
      return false
    }
  }

  private static func outcome(_ response: HTTPConnection.Response, of call: Call) -> Outcome {
    let isDelete = if case .delete = call.actions[0] { true } else { false }
    switch response.status {
    case 404: return .done([.absent])
    case 204: return .done([isDelete ? .present : .nothing])
    case 200: return .done([.value(WorkloadValue.name(of: Array(response.body.utf8)))])
    default: return .unknown
    }
  }
}
