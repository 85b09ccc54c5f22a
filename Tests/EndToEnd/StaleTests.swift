import TestSupport
import Testing

/// `STALE_IF_ERROR`, as those see it who ask over HTTP.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct StaleTests {
  @Test func `what is answered while Redis is away says so, and how old it is`() throws {
    let proxyd = try Proxyd(variables: ["STALE_IF_ERROR=600", "HTTP_MAX_AGE=60"])
    #expect(try proxyd.connect().query("SET", "k", "v") == .simple("OK"))
    let client = try HTTPConnection(port: proxyd.httpPort)
    #expect(try client.get("/k").body == "v")
    proxyd.redis.stop()
    let status = "Cache-Status: proxyd; fwd=stale; detail=redis-away"
    var ages: [Int] = []
    try poll("it gets older, and says so") {
      let response = try client.get("/k")
      let lines = response.head.split(separator: "\r\n").map { String($0) }
      #expect(response.status == 200 && response.body == "v")
      if !lines.contains(status) { return false }
      #expect(lines.contains("Cache-Control: max-age=60") && !response.head.contains("Warning"))
      let age = lines.first { $0.hasPrefix("Age: ") }.flatMap { Int($0.dropFirst(5)) }
      ages.append(try #require(age))
      return age ?? 0 >= 2
    }
    #expect(ages == ages.sorted())
    #expect(try client.get("/never-read").status == 503)
    try proxyd.redis.restart()
    try poll("it is not needed any more") { try client.get("/k").status == 404 }
  }
}
