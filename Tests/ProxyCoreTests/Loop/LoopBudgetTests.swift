import AllocationCounter
import Glibc
import Testing

@testable import ProxyCore

@Suite struct LoopBudgetTests {
  @Test func `a batch allocates nothing once the loop is warm`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let handler = BudgetHandler()
    let pair = try SocketPair.make()
    let there = FileDescriptor(owning: pair.there)
    try loop.adopt(FileDescriptor(owning: pair.here), peer: nil) { _ in handler }
    let message = ByteBuffer.holding([UInt8](repeating: 1, count: 1_000)[...])
    var allocated: UInt64 = 0
    for round in 0..<1_010 {
      _ = try there.send(message)
      let start = allocation_count_of_thread()
      loop.turn()
      if round >= 10 { allocated += allocation_count_of_thread() - start }
      try drain(there)
    }
    #expect(allocated == 0)
    #expect(handler.count == 1_010)
  }

  @Test func `requests cut by the end of a batch allocate nothing either`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let handler = BudgetHandler()
    handler.keeps = 100
    let pair = try SocketPair.make()
    let there = FileDescriptor(owning: pair.there)
    try loop.adopt(FileDescriptor(owning: pair.here), peer: nil) { _ in handler }
    let message = ByteBuffer.holding([UInt8](repeating: 1, count: 1_000)[...])
    var allocated: UInt64 = 0
    for round in 0..<1_000 {
      _ = try there.send(message)
      let start = allocation_count_of_thread()
      loop.turn()
      if round >= 10 { allocated += allocation_count_of_thread() - start }
      try drain(there)
    }
    #expect(allocated == 0)
  }

  private func drain(_ descriptor: borrowing FileDescriptor) throws {
    var sink = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    while let count = try unsafe withUnsafeMutableBytes(
      of: &sink, { memory throws(SystemError) in unsafe try descriptor.receive(into: memory) })
    {
      if count == 0 { break }
    }
  }

  @Test func `up to ten thousand idle connections cost at most a kibibyte each`() async {
    // In a process of its own: its heap is counted as a whole.
    await #expect(processExitsWith: .success) {
      let number = min(10_000, (try FileDescriptorLimit.raise(to: 20_200) - 200) / 2)
      let loop = try EventLoop()
      var peers: [Int32] = []
      peers.reserveCapacity(number)
      let before = allocation_bytes_in_use()
      for index in 0..<number {
        let pair = try SocketPair.make()
        let handler = BudgetHandler()
        handler.keeps = index % 2
        try loop.adopt(FileDescriptor(owning: pair.here), peer: .loopback(port: 1)) { _ in handler }
        peers.append(pair.there)
      }
      // Each has spoken before it falls silent.
      for peer in peers {
        _ = unsafe send(peer, "ping", 4, 0)
      }
      for _ in 0..<number { loop.turn(mayWait: false) }
      let each = Int(allocation_bytes_in_use() - before) / number
      #expect(each <= 1_024)
      loop.shutDown()
      for peer in peers { close(peer) }
    }
  }
}

/// Answers with what it got, but for the last bytes of each batch, which it leaves.
private final class BudgetHandler: ConnectionHandler {
  var keeps = 0
  private(set) var count = 0

  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    count += 1
    connection.output.bytes.append(bytes)
    return .taken(max(0, bytes.byteCount - keeps))
  }
}

/// Two ends that need no port.
enum SocketPair {
  static func make() throws -> (here: Int32, there: Int32) {
    var numbers: (Int32, Int32) = (-1, -1)
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    _ = try retryingInterrupts("socketpair") {
      unsafe withUnsafeMutableBytes(of: &numbers) {
        unsafe socketpair(AF_UNIX, kind, 0, $0.assumingMemoryBound(to: Int32.self).baseAddress)
      }
    }
    return numbers
  }
}
