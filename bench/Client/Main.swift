import Glibc
import ProxyCore
import TestSupport

/// `bench-client [ROUNDS [REQUESTS]]`
@main struct Main {
  static func main() async {
    guard RedisServer.isInstalled else {
      print("skipped all: redis-server is not installed")
      return
    }
    let numbers = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
    guard numbers.allSatisfy({ $0 > 0 }), numbers.count <= 2 else {
      print("usage: bench-client [ROUNDS [REQUESTS]]")
      exit(64)
    }
    let rounds = numbers.first ?? 5
    let requests = numbers.count > 1 ? numbers[1] : 200_000
    do {
      try await ClientBench(rounds: rounds, requests: requests).run()
    } catch {
      print("bench-client: \(error)")
      exit(1)
    }
  }
}
