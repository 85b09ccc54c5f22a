import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import AdminFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ReadinessTests {
  @Test func `it is ready while Redis answers, and says why it is not`() throws {
    let redis = try RedisServer()
    redis.stop()
    let stack = try AdminStack(redis)
    let client = try stack.connect()
    let reason = "Redis at 127.0.0.1:\(redis.port): connection refused"
    #expect(
      try eventually {
        let reply = try client.query("GET /readyz")
        return reply.status == 503 && reply.body.hasPrefix(reason)
      })
    // It serves all the same, and whoever restarts it because Redis is away gains nothing.
    #expect(try client.query("GET /healthz").status == 200)
    #expect(try client.metrics()["proxyd_ready"] == 0)
    try redis.restart()
    #expect(try eventually { try client.query("GET /readyz").status == 200 })
    #expect(try client.query("GET /readyz").body == "ready\n")
    #expect(try client.metrics()["proxyd_ready"] == 1)
    redis.stop()
    #expect(try eventually { try client.query("GET /readyz").status == 503 })
    try redis.restart()
    #expect(try eventually { try client.query("GET /readyz").status == 200 })
  }

  @Test func `it is not ready while it ends`() throws {
    let stack = try AdminStack()
    let client = try stack.connect()
    #expect(try eventually { try client.query("GET /readyz").status == 200 })
    stack.admin.drain()
    let reply = try client.query("GET /readyz")
    #expect(reply.status == 503 && reply.body == "proxyd is about to end\n")
    #expect(try client.query("GET /healthz").status == 200)
    #expect(try client.metrics()["proxyd_draining"] == 1)
    #expect(try stack.connect().query("GET /stats").body.contains("\"draining\":true"))
  }

  @Test func `where tracking is needed and refused, it is not ready`() throws {
    let redis = try RedisServer(arguments: ["--rename-command", "CLIENT", ""])
    let strict = try AdminStack(redis, settings: { $0.coherence = .tracking })
    let lenient = try AdminStack(redis)
    #expect(
      try eventually {
        try strict.connect().query("GET /readyz").body.contains("CACHE_COHERENCE is tracking")
      })
    #expect(try eventually { try lenient.connect().query("GET /readyz").status == 200 })
    #expect(
      try eventually { try lenient.metrics()["proxyd_coherence{mode=\"ttl\"}"] == 1 })
  }

  @Test func `a loop that does not turn is not alive, and nobody waits for it for ever`() throws {
    let stack = try AdminStack(
      RedisServer(), options: { $0.patience = .milliseconds(100) })
    #expect(try stack.connect().query("GET /healthz").status == 200)
    let (held, release) = (OneWay(), OneWay())
    let posted = stack.loops[1].remote.post { _ in
      held.open()
      release.wait()
    }
    #expect(posted)
    defer { release.open() }
    held.wait()
    let reply = try stack.connect().query("GET /healthz")
    #expect(reply.status == 503 && reply.body.hasPrefix("no answer from loop "), "\(reply)")
    // Those who come later are told at once, and what needs no loop is told as ever.
    for _ in 0..<100 { #expect(try stack.connect().query("GET /metrics").status == 503) }
    #expect(try eventually { try stack.connect().query("GET /readyz").status == 200 })
    #expect(try stack.connect().query("GET /").status == 200)
    release.open()
    #expect(try eventually { try stack.connect().query("GET /healthz").status == 200 })
    #expect(try stack.connect().query("GET /metrics").status == 200)
  }
}

/// A gate that opens once.
final class OneWay: Sendable {
  private let isOpen = Shared(false)

  func open() { isOpen.change { $0 = true } }
  func wait() { while !isOpen.change({ $0 }) { usleep(1_000) } }
}
