import TestSupport
import Testing

@testable import ProxyCore

@Suite struct RedisClientRefusalTests {
  private static let refused = [
    "SUBSCRIBE a", "psubscribe a*", "SSUBSCRIBE a", "UNSUBSCRIBE", "MONITOR", "BLPOP list 0",
    "brpoplpush a b 0", "BLMOVE a b LEFT LEFT 0", "BZPOPMIN z 0", "XREAD BLOCK 0 STREAMS s $",
    "XREADGROUP GROUP g c block 5 STREAMS s >", "WAIT 1 0", "MULTI", "EXEC", "DISCARD", "WATCH k",
    "UNWATCH", "SELECT 1", "AUTH pw", "HELLO 2", "RESET", "QUIT", "CLIENT REPLY OFF",
    "CLIENT TRACKING ON", "CLIENT NO-EVICT ON", "CLIENT NO-TOUCH ON", "CLIENT SETNAME x",
    "CLIENT SETINFO LIB-NAME x", "CLIENT CACHING YES", "CLIENT SOMETHING", "READONLY", "ASKING",
    "SYNC", "PSYNC ? -1", "REPLCONF ACK 0", "SCRIPT DEBUG YES",
  ]

  private static let allowed = [
    "GET k", "ping", "XREAD STREAMS s 0", "XREADGROUP GROUP g c STREAMS s >", "EVAL x 0",
    "CLIENT ID", "client list", "CLIENT GETNAME", "CLIENT INFO", "PUBLISH a b", "INFO",
    "CONFIG GET save", "JSON.SET doc $ 1", "SOMETHING NEW", "MEMORY USAGE k",
  ]

  private static func arguments(_ text: String) -> [RedisArgument] {
    text.split(separator: " ").map { RedisArgument(String($0)) }
  }

  @Test func `what would change or hold up a shared connection is refused, and says why`() {
    for text in Self.refused {
      let why = SharedCommands.refusal(of: Self.arguments(text))
      let name = text.split(separator: " ")[0].uppercased()
      #expect(why?.hasPrefix(name) == true, "\(text): \(why ?? "allowed")")
    }
    for text in Self.allowed {
      let why = SharedCommands.refusal(of: Self.arguments(text))
      #expect(why == nil, "\(text): \(why ?? "")")
    }
    #expect(SharedCommands.refusal(of: []) != nil)
  }

  @Test(.enabled(if: RedisServer.isInstalled))
  func `nothing of what is refused is sent, alone, in a pipeline or in a transaction`()
    async throws
  {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server)
    for text in Self.refused {
      let command = Self.arguments(text)
      let why = SharedCommands.refusal(of: command) ?? "allowed"
      let good: [RedisArgument] = ["INCR", "sent"]
      for body in [
        { try await [redis.send(command)] }, { try await redis.pipeline([good, command]) },
        { try await redis.transaction([good, command]) },
      ] as [() async throws -> [RESPValue]] {
        #expect(await ClientFixture.reason(body) == .commandRefused(why))
      }
    }
    let empty = await ClientFixture.reason { try await redis.pipeline([["GET", "a"], []]) }
    #expect(empty == .commandRefused("a command without a name was not sent"))
    #expect(try await redis.get("sent") == nil)
    #expect(try await redis.send("CLIENT", "GETNAME").string == "swift")
  }

  @Test(.enabled(if: RedisServer.isInstalled))
  func `a client's name is made what Redis allows`() async throws {
    let server = try RedisServer()
    let redis = try await ClientFixture.connect(server) { $0.clientName = "my app\né" }
    #expect(try await redis.send("CLIENT", "GETNAME").string == "my-app---")
  }

  @Test func `settings that make no sense are clamped`() {
    var options = RedisClientOptions()
    options.loops = -1
    options.requestsMax = 0
    #expect(options.loopsClamped == 1 && options.requestsMaxOfLoop == 1)
    options.loops = .max
    options.requestsMax = .max
    #expect(options.loopsClamped == Limits.redisClientLoopsMax)
    #expect(options.requestsMaxOfLoop == Limits.redisClientRequestsMax)
    options.loops = 3
    options.requestsMax = 10
    #expect(options.requestsMaxOfLoop == 4)
  }

  @Test func `the bounds of clients agree with each other`() {
    #expect(Limits.redisClientRelationsHold)
  }
}
