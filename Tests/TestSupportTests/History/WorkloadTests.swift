import ProxyCore
import Testing

@testable import TestSupport

@Suite struct WorkloadTests {
  @Test(.enabled(if: RedisServer.isInstalled))
  func `clients that talk to Redis itself see no violation`() async throws {
    let seed = SeededGenerator.forTest().seed
    let redis = try RedisServer()
    let history = History(seed: seed)
    let options = WorkloadGenerator.Options(valueBytesMax: 20_000)
    let port = redis.port
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let client = WorkloadClient(port: port, history: history, options: options)
          for _ in 0..<300 { try client.run() }
        }
      }
      try await group.waitForAll()
    }
    let verdict = HistoryCheck(.strict).judge(history)
    #expect(verdict.isRight, "\(verdict)")
    #expect(verdict.unknownCount == 0)
    #expect(verdict.operationCount >= 1_200)
  }

  @Test(.enabled(if: RedisServer.isInstalled))
  func `clients whose connections to Redis are reset see no violation`() async throws {
    let seed = SeededGenerator.forTest().seed
    let redis = try RedisServer()
    let relay = try Relay(to: redis.port)
    relay.slice(bytes: 50, .toTarget)
    let history = History(seed: seed)
    let port = relay.port
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<3 {
        group.addTask {
          let client = WorkloadClient(port: port, history: history)
          for round in 0..<100 {
            try client.run()
            if number == 0, round % 20 == 10 { relay.reset(.toClient) }
          }
        }
      }
      try await group.waitForAll()
    }
    let verdict = HistoryCheck(.strict).judge(history)
    #expect(verdict.isRight, "\(verdict)")
    #expect(history.operations.contains { $0.isOptional })
  }

  @Test func `a workload follows from its seed, and its values are written once`() {
    var one = WorkloadGenerator(client: 3, seed: 1, options: .init(valueBytesMax: 500))
    var same = WorkloadGenerator(client: 3, seed: 1, options: .init(valueBytesMax: 500))
    var other = WorkloadGenerator(client: 4, seed: 1, options: .init(valueBytesMax: 500))
    var values: [String] = []
    for _ in 0..<500 {
      let call = one.next()
      #expect(call.commands == same.next().commands)
      for case .set(_, let value, _) in call.call.actions + other.next().call.actions {
        values.append(value)
      }
    }
    #expect(values.count > 100)
    #expect(Set(values).count == values.count)
  }

  @Test func `replies become what was observed`() {
    let get = WorkloadCall(
      WorkloadRequest(words: ["GET", "a"], actions: [.get("a")], form: .value))
    #expect(get.outcome([.bulkString(Array("0.1".utf8))]) == .done([.value("0.1")]))
    #expect(get.outcome([.null]) == .done([.absent]))
    #expect(get.outcome([.error(RESPError("LOADING Redis is loading"))]) == .refused)
    #expect(get.outcome([.error(RESPError("ERR no connection"))]) == .unknown)
    #expect(get.outcome([.integer(1)]) == .done([.value("?1")]))
    let long = Array(WorkloadValue.text(name: "0.2", length: 100).utf8)
    #expect(long.count == 100)
    #expect(get.outcome([.bulkString(long)]) == .done([.value("0.2")]))
    #expect(get.outcome([.bulkString(Array(long.dropLast()))]) != .done([.value("0.2")]))

    let rename = WorkloadCall(
      WorkloadRequest(
        words: ["RENAME", "a", "b"], actions: [.rename("a", to: "b")], form: .rename))
    #expect(rename.outcome([.error(RESPError("ERR no such key"))]) == .done([.absent]))
    #expect(rename.outcome([.simpleString(Array("OK".utf8))]) == .done([.present]))

    let delete = WorkloadRequest(words: ["DEL", "a"], actions: [.delete("a")], form: .presence)
    let ok = RESPValue.simpleString(Array("OK".utf8))
    let queued = RESPValue.simpleString(Array("QUEUED".utf8))
    let transaction = WorkloadCall(transaction: [delete, delete])
    #expect(transaction.commands == [["MULTI"], ["DEL", "a"], ["DEL", "a"], ["EXEC"]])
    let replies = [ok, queued, queued, .array([.integer(1), .integer(0)])]
    #expect(transaction.outcome(replies) == .done([.present, .absent]))
    #expect(
      transaction.outcome([ok, queued, queued, .null]) == .done([.value("?(nil)"), .nothing]))
  }
}
