import Glibc
import TestSupport
import Testing

/// What the built program asks of the kernel for requests that it answers from memory, by counting calls:
/// no clock has a say.
@Suite(.enabled(if: SyscallCount.works, "strace is not installed, or may not look at processes"))
struct SyscallBudgetTests {
  @Test(arguments: [1, 16, 64])
  func `a batch of hits over RESP costs one receive, one send and one wait`(_ depth: Int) throws {
    let batch = Array(repeating: Array("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".utf8), count: depth)
      .flatMap(\.self)
    try expectBudget { proxyd, batches in
      let client = try proxyd.connect()
      for _ in 0..<batches {
        try client.send(bytes: batch)
        for _ in 0..<depth { #expect(try client.receive() == .bulk("v")) }
      }
    }
  }

  @Test(arguments: [1, 16])
  func `a batch of hits over HTTP costs one receive, one send and one wait`(_ depth: Int) throws {
    let batch = Array(
      repeating: Array("GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), count: depth
    )
    .flatMap(\.self)
    try expectBudget { proxyd, batches in
      let client = try Loopback.connect(port: proxyd.httpPort)
      defer { close(client) }
      for _ in 0..<batches {
        try Loopback.send(batch, to: client)
        var output = ""
        while output.ranges(of: "\r\n\r\nv").count < depth {
          let piece = try Loopback.receive(from: client)
          if piece.isEmpty { throw ToolError("the connection has ended: \(output)") }
          output += String(decoding: piece, as: UTF8.self)
        }
      }
    }
  }

  /// What more batches cost, so that starting and ending cost nothing.
  private func expectBudget(_ work: (Proxyd, _ batches: Int) throws -> Void) throws {
    let (few, many) = (20, 220)
    let base = try SyscallCount.during { try work($0, few) }
    let count = try SyscallCount.during { try work($0, many) }.subtracting(base)
    let batches = many - few
    // Not every start has as many requests on its links.
    let usual = (batches - 8)...(batches + 8)
    #expect(usual.contains(count.receives) && usual.contains(count.sends), "\(count)")
    // Timers wake the loops now and then.
    #expect(count.all <= 3 * batches + 60, "\(count)")
  }
}

/// How often each system call was made.
private struct SyscallCount: CustomStringConvertible {
  private var calls: [String: Int] = [:]

  /// Whether it can be counted here.
  static let works =
    (try? Proxyd.run(program: "strace", ["-c", "-o", "/dev/null", "true"]).status) == 0

  var all: Int { calls.values.reduce(0, +) }
  var receives: Int { sum("read", "readv", "recvfrom", "recvmsg") }
  var sends: Int { sum("write", "writev", "sendto", "sendmsg") }

  var description: String {
    calls.filter { $0.value != 0 }.sorted { $0.value > $1.value }
      .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  private func sum(_ names: String...) -> Int { names.reduce(0) { $0 + calls[$1, default: 0] } }

  func subtracting(_ other: SyscallCount) -> SyscallCount {
    var result = self
    for (name, count) in other.calls { result.calls[name, default: 0] -= count }
    return result
  }

  /// Those of a proxyd with one loop that has `k` in memory.
  static func during(_ work: (Proxyd) throws -> Void) throws -> SyscallCount {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let table = "\(directory)/calls"
    // -D: strace stands beside, so that the process started is proxyd itself.
    let proxyd = try Proxyd(
      ["--threads", "1"],
      launcher: ["strace", "-D", "-f", "-c", "-U", "calls,name", "-o", table])
    let client = try proxyd.connect()
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    // The first is fetched, and perhaps another one while word of the SET is on its way.
    for _ in 0..<50 { #expect(try client.query("GET", "k") == .bulk("v")) }
    try work(proxyd)
    #expect(proxyd.end(by: SIGTERM) == 0)
    var count = SyscallCount()
    try poll("strace has counted") {
      for line in Proxyd.text(of: table).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count == 2, let calls = Int(words[0]), words[1] != "total" else { continue }
        count.calls[String(words[1])] = calls
      }
      return !count.calls.isEmpty
    }
    return count
  }
}
