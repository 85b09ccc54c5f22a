import ProxyCore
import TestSupport
import Testing

/// What tests of the client begin with.
enum ClientFixture {
  static func url(_ port: UInt16) -> String { "redis://127.0.0.1:\(port)" }

  static func connect(
    _ server: RedisServer, _ change: (inout RedisClientOptions) -> Void = { _ in }
  ) async throws -> RedisClient {
    try await connect(port: server.port, change)
  }

  static func connect(
    port: UInt16, _ change: (inout RedisClientOptions) -> Void = { _ in }
  ) async throws -> RedisClient {
    var options = RedisClientOptions()
    // Machines under load are slow; tests that want less say so.
    options.connectTimeout = .seconds(20)
    change(&options)
    return try await RedisClient(connectingTo: url(port), options: options)
  }

  /// How often Redis has executed a command, named in lower case.
  static func calls(of command: String, at server: RedisServer) throws -> Int {
    let text = try server.query("INFO", "commandstats").text ?? ""
    guard let start = text.firstRange(of: "cmdstat_\(command):calls=") else { return 0 }
    return Int(text[start.upperBound...].prefix { $0.isNumber }) ?? 0
  }

  /// The reason of the error that `body` throws.
  static func reason(
    _ body: () async throws -> some Any, sourceLocation: SourceLocation = #_sourceLocation
  ) async -> RedisError.Reason? {
    do {
      let result = try await body()
      Issue.record("no error but \(result)", sourceLocation: sourceLocation)
    } catch let error as RedisError {
      return error.reason
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
  }
}
