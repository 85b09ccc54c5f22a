import ProxyCore
import TestSupport
import Testing

@Suite(.enabled(if: RedisServer.isInstalled)) struct RedisClientFailureTests {
  @Test func `a client that cannot connect says where, and why`() async throws {
    let server = try RedisServer()
    try server.query("CONFIG", "SET", "requirepass", "pw")
    let refused = await ClientFixture.reason { try await ClientFixture.connect(server) }
    guard case .authenticationFailed = refused else {
      Issue.record("\(refused as Any)")
      return
    }
    let url = RedisURL(port: server.port, password: "pw")
    #expect(try await RedisClient(connectingTo: url).server == "127.0.0.1:\(server.port)")
    server.stop()
    do {
      _ = try await ClientFixture.connect(server)
      Issue.record("connected to nobody")
    } catch let error as RedisError {
      #expect(error.reason == .connectionRefused)
      #expect(error.description.contains("127.0.0.1:\(server.port)"))
    }
    await #expect(throws: RedisURLError.self) {
      try await RedisClient(connectingTo: "http://localhost")
    }
    let silent = try Relay(to: server.port)
    silent.stall(.toClient)
    try server.restart()
    let reason = await ClientFixture.reason {
      try await ClientFixture.connect(port: silent.port) { $0.connectTimeout = .milliseconds(50) }
    }
    #expect(reason == .connectTimedOut)
  }

  @Test func `while Redis is gone requests fail at once, and once it is back they succeed`()
    async throws
  {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    try await redis.set("k", "v")
    for _ in 0..<3 {
      server.stop()
      // The first may still meet the connection that is being lost.
      _ = try? await redis.send("PING")
      for _ in 0..<20 {
        let reason = await ClientFixture.reason { try await redis.send("INCR", "n") }
        #expect(reason == .connectionRefused || reason == .connectionLost(outcomeUnknown: false))
      }
      #expect(redis.requestsInFlight == 0)
      try server.restart()
      #expect(await succeeds { try await redis.set("k", "v") })
      #expect(try await redis.getString("k") == "v")
      #expect(try await redis.get("n") == nil)
    }
  }

  private func succeeds(_ body: () async throws -> some Any) async -> Bool {
    for _ in 0..<2_000 {
      if (try? await body()) != nil { return true }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  @Test func `a write that may have been executed says so, and is not repeated`() async throws {
    let server = try RedisServer()
    let relay = try Relay(to: server.port)
    let redis = try await ClientFixture.connect(port: relay.port)
    relay.stall(.toClient)
    async let reason = ClientFixture.reason { try await redis.send("INCR", "n") }
    async let replies = ClientFixture.reason {
      try await redis.pipeline([["INCR", "m"], ["INCR", "m"]])
    }
    async let results = ClientFixture.reason { try await redis.transaction([["INCR", "o"]]) }
    #expect(
      await eventually {
        ["n": "1", "m": "2", "o": "1"].allSatisfy { (try? server.query("GET", $0).text) == $1 }
      })
    relay.cut(.toClient)
    #expect(await reason == .connectionLost(outcomeUnknown: true))
    #expect(await replies == .connectionLost(outcomeUnknown: true))
    #expect(await results == .connectionLost(outcomeUnknown: true))
    relay.resume(.toClient)
    #expect(await succeeds { try await redis.send("PING") })
    #expect(try server.query("GET", "n").text == "1")
    #expect(try server.query("GET", "m").text == "2")
    #expect(redis.requestsInFlight == 0)
  }

  @Test func `a get whose connection is lost is repeated once`() async throws {
    let server = try RedisServer()
    try server.query("SET", "k", "v")
    let relay = try Relay(to: server.port)
    let redis = try await ClientFixture.connect(port: relay.port)
    // Or else, the connection being young, the next attempt would wait, and requests fail at once.
    try await Task.sleep(for: .milliseconds(1_100))
    relay.stall(.toClient)
    async let value = redis.getString("k")
    #expect(await eventually { (try? ClientFixture.calls(of: "get", at: server)) == 1 })
    relay.cut(.toClient)
    relay.resume(.toClient)
    #expect(try await value == "v")
    #expect(try ClientFixture.calls(of: "get", at: server) == 2)
  }

  @Test func `a request past its time fails alone, and its reply goes to nobody else`()
    async throws
  {
    let server = try RedisServer()
    let relay = try Relay(to: server.port)
    let redis = try await ClientFixture.connect(port: relay.port) {
      $0.requestTimeout = .milliseconds(300)
    }
    for number in 0..<20 { try server.query("SET", "k\(number)", "\(number)") }
    for direction in [Relay.Direction.toClient, .toTarget] {
      relay.stall(direction)
      await withTaskGroup(of: RedisError.Reason?.self) { group in
        for number in 0..<20 {
          group.addTask { await ClientFixture.reason { try await redis.get("k\(number)") } }
        }
        group.addTask {
          await ClientFixture.reason { try await redis.pipeline([["GET", "k1"], ["GET", "k2"]]) }
        }
        for await reason in group { #expect(reason == .timedOut) }
      }
      #expect(RedisError(server: redis.server, reason: .timedOut).isOutcomeUnknown)
      #expect(redis.requestsInFlight == 22)
      relay.resume(direction)
      #expect(await eventually { redis.requestsInFlight == 0 })
      for number in 0..<20 {
        #expect(await succeeds { try await redis.get("k\(number)") })
        #expect(try await redis.getString("k\(number)") == "\(number)")
      }
    }
  }

  @Test func `past the limit requests are refused at once, and those in flight are answered`()
    async throws
  {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server) { $0.requestsMax = 10 }
    server.pause()
    let tasks = (0..<8).map { _ in Task { try await redis.send("INCR", "n") } }
    let pair = Task { try await redis.pipeline([["INCR", "n"], ["INCR", "n"]]) }
    #expect(await eventually { redis.requestsInFlight == 10 })
    #expect(await ClientFixture.reason { try await redis.get("n") } == .queueFull(limit: 10))
    #expect(
      await ClientFixture.reason { try await redis.pipeline([["GET", "n"]]) }
        == .queueFull(limit: 10))
    server.resume()
    for task in tasks { _ = try await task.value }
    _ = try await pair.value
    #expect(try await redis.getString("n") == "10")
    let eleven = [[RedisArgument]](repeating: ["GET", "n"], count: 11)
    #expect(
      await ClientFixture.reason { try await redis.pipeline(eleven) } == .queueFull(limit: 10))
  }

  @Test func `a client that is closed answers what is in flight and refuses the rest`()
    async throws
  {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    server.pause()
    let tasks = (0..<50).map { _ in Task { try await redis.send("INCR", "n") } }
    #expect(await eventually { redis.requestsInFlight == 50 })
    let end = Task { await redis.close() }
    #expect(await refuses(redis))
    server.resume()
    for task in tasks { _ = try await task.value }
    await end.value
    await redis.close()
    #expect(redis.requestsInFlight == 0)
    #expect(await ClientFixture.reason { try await redis.get("n") } == .closed)
    #expect(try server.query("GET", "n").text == "50")
  }

  /// Waits until requests are refused because the client is being closed.
  private func refuses(_ redis: RedisClient) async -> Bool {
    for _ in 0..<2_000 {
      let attempt = Task { try await redis.send("PING") }
      let pause = Task { try await Task.sleep(for: .milliseconds(10)) }
      _ = try? await pause.value
      attempt.cancel()
      if case .failure(let error as RedisError) = await attempt.result, error.reason == .closed {
        return true
      }
    }
    return false
  }

  @Test func `a client that nobody holds any more lets go of its connection`() async throws {
    let server = try RedisServer()
    func connections() -> Int {
      let list = (try? server.query("CLIENT", "LIST").text) ?? ""
      return list.split(separator: "\n").count { $0.contains("name=swift") }
    }
    do {
      let redis = try await ClientFixture.connect(server)
      try await redis.send("PING")
      #expect(connections() == 1)
      withExtendedLifetime(redis) {}
    }
    #expect(await eventually { connections() == 0 })
  }
}
