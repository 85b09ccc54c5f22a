import TestSupport
import Testing

@testable import ProxyCore

@Suite(.enabled(if: RedisServer.isInstalled)) struct RedisClientTaskTests {
  @Test(arguments: [1, 3])
  func `a thousand tasks get their own replies`(loops: Int) async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server) { $0.loops = loops }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<1_000 {
        group.addTask {
          let key = "key:\(task)"
          for turn in 0..<10 {
            try await redis.set(key, turn)
            #expect(try await redis.getString(key) == "\(turn)")
            let both = try await redis.pipeline([["INCR", key], ["GET", key]])
            #expect(both[1].int == turn + 1)
            try await redis.send("INCR", "all")
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await redis.getString("all") == "10000")
    #expect(redis.requestsInFlight == 0)
    let list = try server.query("CLIENT", "LIST").text ?? ""
    #expect(list.split(separator: "\n").count { $0.contains("name=swift") } == loops)
  }

  @Test func `a cancelled task does not wait for Redis`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    server.pause()
    let tasks = [
      Task { _ = try await redis.get("k") },
      Task { _ = try await redis.send("INCR", "n") },
      Task { _ = try await redis.pipeline([["INCR", "n"], ["INCR", "n"]]) },
      Task { _ = try await redis.transaction([["INCR", "n"]]) },
    ]
    #expect(await eventually { redis.requestsInFlight == 7 })
    for task in tasks { task.cancel() }
    for task in tasks {
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(redis.requestsInFlight == 7)
    server.resume()
    #expect(await eventually { redis.requestsInFlight == 0 })
    #expect(try await redis.getString("n") == "4")
  }

  @Test func `a task that was cancelled before sends nothing`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    let task = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      try await redis.send("INCR", "n")
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await redis.get("n") == nil)
  }

  @Test func `after a storm of cancellations nothing is left, and nobody got another's reply`()
    async throws
  {
    var random = SeededGenerator.forTest()
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    for number in 0..<100 { try await redis.set("k\(number)", "\(number)") }
    let ends = Shared((answered: 0, cancelled: 0))
    await withTaskGroup(of: Void.self) { group in
      var tasks: [Task<Void, Never>] = []
      for _ in 0..<4_000 {
        let number = Int.random(in: 0..<100, using: &random)
        let isPipeline = Int.random(in: 0..<4, using: &random) == 0
        let task = Task {
          do {
            if isPipeline {
              let replies = try await redis.pipeline([["GET", "k\(number)"], ["ECHO", number]])
              #expect(replies.map(\.int) == [number, number])
            } else {
              #expect(try await redis.getString("k\(number)") == "\(number)")
            }
            ends.change { $0.answered += 1 }
          } catch {
            #expect(error is CancellationError)
            ends.change { $0.cancelled += 1 }
          }
        }
        tasks.append(task)
        if Bool.random(using: &random), let victim = tasks.randomElement(using: &random) {
          group.addTask { victim.cancel() }
        }
        if Int.random(in: 0..<50, using: &random) == 0 { await Task.yield() }
      }
      for task in tasks { group.addTask { await task.value } }
    }
    #expect(ends.value.answered + ends.value.cancelled == 4_000)
    #expect(await eventually { redis.requestsInFlight == 0 })
  }

  @Test func `a storm of lost connections loses no task`() async throws {
    let server = try RedisServer()
    let relay = try Relay(to: server.port)
    let redis = try await ClientFixture.connect(port: relay.port)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          for turn in 0..<20 {
            do {
              let reply = try await redis.send("ECHO", number * 1_000 + turn)
              #expect(reply.int == number * 1_000 + turn)
            } catch let error as RedisError {
              switch error.reason {
              case .connectionLost, .connectionRefused, .connectFailed: break
              default: Issue.record("\(error)")
              }
              await Task.yield()
            } catch {
              Issue.record("\(error)")
            }
          }
        }
      }
      group.addTask {
        for turn in 0..<20 {
          try? await Task.sleep(for: .milliseconds(2))
          if turn.isMultiple(of: 2) { relay.reset(.toClient) } else { relay.cut(.toClient) }
        }
      }
    }
    #expect(redis.requestsInFlight == 0)
  }
}
