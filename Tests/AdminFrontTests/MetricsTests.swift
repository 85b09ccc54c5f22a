import Glibc
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import AdminFront

@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct MetricsTests {
  @Test func `each request is counted once, by what became of it`() throws {
    let stack = try AdminStack()
    let (resp, http) = (try stack.connectRESP(), try stack.connectHTTP())
    #expect(try resp.query("SET", "a", "1") == .simple("OK"))
    for _ in 0..<10 { #expect(try resp.query("GET", "a") == .bulk("1")) }
    for _ in 0..<7 { #expect(try http.query("GET /a").status == 200) }
    #expect(try http.query("GET /absent").status == 404)
    for _ in 0..<3 { #expect(try http.query("GET /absent").status == 404) }
    #expect(try http.query("PUT /b", "Content-Length: 0\r\n").status == 204)
    #expect(try http.query("POST /b").status == 405)
    for _ in 0..<5 { #expect(try resp.query("PING", "x") == .bulk("x")) }
    #expect(try resp.query("CLIENT", "SETNAME", "n") == .simple("OK"))
    #expect(try resp.query("LPUSH", "list", "1") == .integer(1))
    #expect(try resp.query("BLPOP", "list", "0").isArray)
    #expect(try resp.query("GET", "list") == .bulk(nil))
    let metrics = try stack.metrics()
    for (front, outcome, expected) in [
      ("resp", "hit", 9), ("resp", "miss", 2), ("resp", "passed", 7), ("resp", "local", 1),
      ("resp", "blocked", 1), ("resp", "refused", 0), ("resp", "error", 0),
      ("http", "hit", 10), ("http", "miss", 1), ("http", "passed", 1), ("http", "local", 1),
      ("http", "error", 0),
    ] {
      #expect(count(metrics, front, outcome) == expected, "\(front) \(outcome)")
    }
    // A look-up of a GET is a hit or a miss: 11 by RESP, 11 by HTTP.
    #expect(metrics["proxyd_cache_hits_total"] == 19)
    #expect(metrics["proxyd_cache_misses_total"] == 3)
    #expect(metrics["proxyd_redis_duration_seconds_count{link=\"fill\"}"] == 3)
    #expect(metrics["proxyd_build_info{version=\"1.2.3\"}"] == 1)
  }

  @Test func `what is refused, late or joined is told apart`() throws {
    let stack = try AdminStack(
      RedisServer(),
      settings: {
        $0.permits = 1
        $0.queueLimit = 0
      })
    let clients = try (0..<3).map { _ in try stack.connectRESP() }
    #expect(try clients[0].query("SET", "k", "v") == .simple("OK"))
    stack.server.pause()
    try clients[0].send(["GET", "k"])
    #expect(eventually { stack.proxy.limiter.counts.permitsInUse == 1 })
    #expect(try clients[1].query("GET", "other").isError)
    try clients[2].send(["GET", "k"])
    #expect(eventually { stack.proxy.counters.joined.load(ordering: .relaxed) == 1 })
    stack.server.resume()
    #expect(try clients[0].receive() == .bulk("v") && clients[2].receive() == .bulk("v"))
    stack.server.stop()
    #expect(eventually { !stack.proxy.isConnected })
    #expect(try clients[0].query("GET", "new").isError)
    #expect(try stack.connectHTTP().query("GET /new").status == 503)
    let metrics = try stack.metrics()
    for (front, outcome, expected) in [
      ("resp", "refused", 1), ("resp", "joined", 1), ("resp", "miss", 1), ("resp", "error", 1),
      ("http", "error", 1), ("resp", "hit", 0),
    ] {
      #expect(count(metrics, front, outcome) == expected, "\(front) \(outcome)")
    }
    #expect(metrics["proxyd_permits_refused_total"] == 1)
    #expect(metrics["proxyd_redis_connected"] == 0)
    #expect((metrics["proxyd_generations_total"] ?? 0) >= 1)
  }

  @Test func `durations are in the right buckets, and the time that Redis took is in them`() throws
  {
    let stack = try AdminStack(loops: 1)
    let client = try stack.connectRESP()
    #expect(try client.query("GET", "k") == .bulk(nil))
    let busy =
      "local function now() local t=redis.call('TIME') return t[1]*1000000+t[2] end "
      + "local e=now()+30000 repeat until now()>e return 1"
    #expect(try client.query("EVAL", busy, "0") == .integer(1))
    let metrics = try stack.metrics()
    let name = "proxyd_request_duration_seconds"
    let passed = "front=\"resp\",outcome=\"passed\""
    #expect(metrics["\(name)_count{\(passed)}"] == 1)
    #expect((metrics["\(name)_sum{\(passed)}"] ?? 0) >= 0.03)
    #expect(metrics["\(name)_bucket{\(passed),le=\"0.02\"}"] == 0)
    #expect(metrics["\(name)_bucket{\(passed),le=\"+Inf\"}"] == 1)
    #expect((metrics["proxyd_redis_duration_seconds_sum{link=\"shared\"}"] ?? 0) >= 0.03)
  }

  @Test func `many scrapes under load agree with themselves and never go back`() async throws {
    let stack = try AdminStack()
    #expect(try stack.connectRESP().query("SET", "k", "v") == .simple("OK"))
    let (writers, scrapers, requests) = (3, 4, 2_000)
    let isOver = Shared(0)
    await onThreads(writers + scrapers) { number in
      do {
        if number < writers {
          defer { isOver.change { $0 += 1 } }
          let client = try stack.connectRESP()
          for request in 0..<requests {
            let words =
              request % 10 == 0 ? ["SET", "k\(number)", "v"] : ["GET", "k\(request % 7)"]
            try client.send(words)
            _ = try client.receive()
          }
        } else {
          let client = try stack.connect()
          var former: [String: Double] = [:]
          repeat {
            let metrics = try client.metrics()
            Self.check(metrics, after: former)
            former = metrics
          } while isOver.value < writers
        }
      } catch { Issue.record(error) }
    }
    let metrics = try stack.metrics()
    let all = metrics.filter {
      $0.key.hasPrefix("proxyd_request_duration_seconds_count{front=\"resp")
    }
    #expect(Int(all.values.reduce(0, +)) == writers * requests + 1)
  }

  /// Of histograms, each bucket includes the one before and the last is the count; no counter is less than
  /// it was.
  private static func check(_ metrics: [String: Double], after former: [String: Double]) {
    for (name, value) in metrics {
      let isCounter = ["_total", "_bucket{", "_count{", "_sum{", "_total{"].contains {
        name.contains($0)
      }
      if isCounter { #expect(value >= former[name] ?? 0, "\(name)") }
      if name.contains("_bucket{"), name.contains("le=\"+Inf\"") {
        let count = name.replacing("_bucket{", with: "_count{").replacing(",le=\"+Inf\"", with: "")
        #expect(metrics[count] == value, "\(name)")
      }
    }
  }

  @Test func `links are told by kind and state`() throws {
    let stack = try AdminStack()
    let subscriber = try stack.connectRESP()
    #expect(try subscriber.query("SUBSCRIBE", "c").isArray)
    func links(_ kind: String, _ state: String) throws -> Double? {
      try stack.metrics()["proxyd_redis_links{kind=\"\(kind)\",state=\"\(state)\"}"]
    }
    #expect(try eventually { try links("fill", "ready") == 2 })
    #expect(try eventually { try links("pinned", "ready") == 1 })
    #expect(try links("shared", "ready") == 1 && links("control", "ready") == 0)
    #expect(try stack.metrics()["proxyd_redis_links_pinned"] == 1)
    stack.server.stop()
    #expect(
      try eventually {
        let metrics = try stack.metrics()
        return ["resting", "connecting"].reduce(0) {
          $0 + (metrics["proxyd_redis_links{kind=\"fill\",state=\"\($1)\"}"] ?? 0)
        } == 2
      })
  }

  @Test func `what the system says of the process is right`() throws {
    let stack = try AdminStack()
    let metrics = try stack.metrics()
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    let start = metrics["process_start_time_seconds"] ?? 0
    #expect(start > Double(time.tv_sec) - 86_400 && start <= Double(time.tv_sec) + 1)
    #expect((metrics["process_cpu_seconds_total"] ?? 0) > 0)
    #expect((metrics["process_resident_memory_bytes"] ?? 0) > 1_000_000)
    #expect(
      (metrics["process_virtual_memory_bytes"] ?? 0) > metrics["process_resident_memory_bytes"] ?? 0
    )
    #expect((metrics["process_open_fds"] ?? 0) > 5 && (metrics["process_threads"] ?? 0) >= 3)
    #expect((metrics["process_max_fds"] ?? 0) >= metrics["process_open_fds"] ?? 0)
  }
}

extension RESPReply {
  var isError: Bool { if case .error = self { true } else { false } }
  var isArray: Bool { if case .array = self { true } else { false } }
}
