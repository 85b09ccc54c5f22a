import Glibc
import ProxyCore

/// The shortest server on the library's own loop, parser and cache: what a hit costs, without all
/// that a proxy does besides.
///
///     memory-server PORT [--threads N]
@main struct Main {
  static func main() throws {
    let words = Array(CommandLine.arguments.dropFirst())
    guard let port = words.first.flatMap({ UInt16($0) }),
      let threadCount = threadCount(words.dropFirst())
    else {
      print("usage: memory-server PORT [--threads N]")
      exit(64)
    }
    let cache = ByteCache(
      capacity: 1_000_000, bytesMax: 1 << 30, valueBytesMax: 1 << 20, timeToLive: nil, now: .now)
    var threads: [LoopThread] = []
    var intakes: [Intake] = []
    for _ in 0..<threadCount {
      let thread = try LoopThread(name: "loop")
      let made = thread.perform { loop in loop.makeIntake { _ in MemorySession(cache) } }
      threads.append(thread)
      if let intake = made { intakes.append(intake) }
    }
    let outcome = threads[0].perform { [intakes] loop in
      Result { () throws(SystemError) in
        _ = try loop.listen(on: .loopback(port: port), dealingTo: intakes)
      }
    }
    try outcome?.get()
    for thread in threads { thread.join() }
  }

  private static func threadCount(_ words: ArraySlice<String>) -> Int? {
    if words.isEmpty { return 1 }
    guard words.count == 2, words.first == "--threads", let count = words.last.flatMap({ Int($0) })
    else { return nil }
    return (1...1_024).contains(count) ? count : nil
  }
}
