private import Synchronization
import TestSupport

@testable import ProxyCore

/// What the tests of failures ask a heart and its server.
extension Heart {
  var linksLost: Int { proxy.counters.linksLost.load(ordering: .relaxed) }
  var staleAnswers: Int { proxy.counters.staleAnswers.load(ordering: .relaxed) }
  /// Links of clients' own that are not in a pool.
  var pinnedCount: Int { proxy.pinnedCount.load(ordering: .relaxed) }

  /// How a command ended.
  func outcome(_ words: String..., worker: Int = 0, database: UInt32 = 0) async -> HeartOutcome {
    let encoded = [Self.encoded(words)]
    return HeartOutcome(await proxy.reply(to: encoded, database: database, worker: worker))
  }

  /// How a read ended.
  func outcome(ofGetting key: String, database: UInt32 = 0) async -> HeartOutcome {
    HeartOutcome(await value(of: key, database: database))
  }

  /// Whether reading and writing work again, on all workers, within a bounded time.
  func isWell() async -> Bool {
    var isWell = true
    for worker in 0..<proxy.workerCount {
      let works = await comesTrue {
        guard case .reply(.simpleString) = await self.outcome("SET", "well", "1", worker: worker)
        else {
          return false
        }
        let key = self.key(atHomeOn: worker)
        if case .value = await self.outcome(ofGetting: key) { return true }
        return false
      }
      isWell = isWell && works
    }
    return isWell
  }

  /// A key whose fills go over a worker's own link.
  func key(atHomeOn worker: Int, _ prefix: String = "key") -> String {
    var number = 0
    while home(of: "\(prefix)\(number)") != worker { number += 1 }
    return "\(prefix)\(number)"
  }

  func home(of key: String) -> Int { proxy.home(of: proxy.cache.hash(Array(key.utf8).rawSpan)) }

  /// The sum of one count over all workers.
  func count(_ path: KeyPath<WorkerCensus, Int>) -> Int {
    census.workers.map { $0[keyPath: path] }.reduce(0, +)
  }

  /// Errors of the reads and writes that are made until `reason` is one of each. Nil: it took too long.
  func failures(until reason: RedisError.Reason) async -> [RedisError.Reason]? {
    var seen: [RedisError.Reason] = []
    let isThere = await comesTrue {
      let read = await self.outcome(ofGetting: "any").reason
      let written = await self.outcome("SET", "any", "1").reason
      seen += [read, written].compactMap { $0 }
      return read == reason && written == reason
    }
    return isThere ? seen : nil
  }
}

/// How a request ended, in words that compare.
enum HeartOutcome: Equatable {
  case value(String?)
  case large
  case reply(RESPValue)
  case proxy(ProxyError)
  case cancelled

  init(_ outcome: TaskCaller.TaskOutcome) {
    switch outcome {
    case .value(let bytes): self = .value(bytes.map { String(decoding: $0, as: UTF8.self) })
    case .large: self = .large
    case .reply(let reply): self = .reply(reply)
    case .failure(let error as ProxyError): self = .proxy(error)
    case .failure(let error as RedisError): self = .proxy(.redis(error))
    case .failure: self = .cancelled
    }
  }

  /// What went wrong with Redis.
  var reason: RedisError.Reason? {
    if case .proxy(.redis(let error)) = self { error.reason } else { nil }
  }

  var isOutcomeUnknown: Bool {
    if case .proxy(.redis(let error)) = self { error.isOutcomeUnknown } else { false }
  }

  static let ok = Self.reply(.simpleString(Array("OK".utf8)))
}

extension RedisServer {
  /// The ids of the proxy's links of a kind: `fill`, `shared`, `pinned`, `control`.
  func links(_ kind: String, over connection: RESPConnection? = nil) throws -> [String] {
    let reply = try (connection ?? connect()).query("CLIENT", "LIST")
    let lines = (reply.text ?? "").split(separator: "\n")
    return lines.filter { $0.contains(" name=proxyd-\(kind) ") }.compactMap { line in
      line.split(separator: " ").first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3)) }
    }
  }

  /// Ends these links, as an operator would.
  func kill(_ links: [String]) throws {
    let connection = try connect()
    for link in links { _ = try connection.query("CLIENT", "KILL", "ID", link) }
  }

  /// How often a command was executed.
  func calls(_ command: String, over connection: RESPConnection? = nil) throws -> Int {
    let text = try (connection ?? connect()).query("INFO", "commandstats").text ?? ""
    let lines = text.split(separator: "\r\n")
    guard let line = lines.first(where: { $0.hasPrefix("cmdstat_\(command):") }) else { return 0 }
    return Int(line.split(separator: ",")[0].split(separator: "=")[1]) ?? -1
  }
}

/// Whether something becomes true that takes requests to find out, in a time that only a broken program
/// needs.
func comesTrue(_ condition: () async throws -> Bool) async -> Bool {
  for _ in 0..<12_000 {
    if (try? await condition()) == true { return true }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return false
}
