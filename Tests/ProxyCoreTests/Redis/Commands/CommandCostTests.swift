import AllocationCounter
import TestSupport
import Testing

@testable import ProxyCore

@Suite struct CommandCostTests {
  @Test(arguments: [
    "GET k", "set k v EX 10", "MGET a b c d e f", "CONFIG GET save", "EVAL s 2 a b c",
    "XREAD COUNT 1 STREAMS a b 0 0", "SORT k BY x STORE d", "GEORADIUS k 1 2 3 m STORE d",
    "georadiusbymember_ro k m 1 m", "MIGRATE h 1 \"\" 0 1 KEYS a b", "NONSENSE a b",
    "BITFIELD k GET u8 0", "PING",
  ])
  func `classifying a request allocates nothing`(line: String) {
    guard allocation_counting_works() else { return }
    let table = CommandTable.builtIn
    let request = request(words(line))
    var parser = RequestParser()
    var keys = KeyList()
    let verdict = unsafe parser.parse(request.span.bytes)
    #expect(verdict == .command(length: request.count))
    var sum = 0
    // At first the list grows, and the runtime finds its types.
    for _ in 0..<10 {
      sum += unsafe table.classify(parser.arguments, in: request.span.bytes, keys: &keys).index
      sum += keys.count
    }
    let before = allocation_count_of_thread()
    for _ in 0..<1000 {
      sum += unsafe table.classify(parser.arguments, in: request.span.bytes, keys: &keys).index
      sum += keys.count
    }
    #expect(allocation_count_of_thread() == before, "\(sum)")
  }

  @Test func `a list that held very many keys gives their memory back`() {
    let table = CommandTable.builtIn
    var keys = KeyList()
    var parser = RequestParser()
    let count = Limits.argumentsKeptMax * 4
    let large = request(["DEL"] + (0..<count).map { "k\($0)" })
    _ = unsafe parser.parse(large.span.bytes)
    _ = unsafe table.classify(parser.arguments, in: large.span.bytes, keys: &keys)
    #expect(keys.count == count && keys.allocatedCount >= count)
    let small = request(["GET", "k"])
    _ = unsafe parser.parse(small.span.bytes)
    _ = unsafe table.classify(parser.arguments, in: small.span.bytes, keys: &keys)
    #expect(keys.count == 1 && keys.allocatedCount <= Limits.argumentsKeptMax)
  }
}
