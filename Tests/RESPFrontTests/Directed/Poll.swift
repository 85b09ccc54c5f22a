import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

/// Waits until something is so, for a generous while.
func poll(_ what: String, _ isSo: () throws -> Bool) throws {
  for _ in 0..<24_000 {
    if try isSo() { return }
    usleep(5_000)
  }
  throw ToolError("it never came to this: \(what)")
}

extension Stack {
  /// What is under way on each loop.
  var underWay: [WorkerCensus] {
    loops.compactMap { loop in
      loop.perform { [proxy] loop in proxy.worker(on: loop)?.underWay } ?? nil
    }
  }

  /// Nothing is under way in the end, and no client has a link to itself.
  func expectIdle() throws {
    do {
      try poll("nothing under way") {
        underWay.allSatisfy { $0.reads + $0.calls + $0.waits + $0.pinned == 0 }
      }
    } catch { throw ToolError("left under way: \(underWay)") }
  }
}
