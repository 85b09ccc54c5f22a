import Glibc
import Testing

@testable import ProxyCore

@Suite struct LockTests {
  final class Counter: @unchecked Sendable {  // guarded by `lock`, which is what is being tested
    let lock = Lock()
    var value = 0
  }

  @Test func `threads that contend take turns`() async {
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for turn in 0..<20_000 {
            counter.lock.acquire()
            counter.value += 1
            // Sleeping with the lock held drives the others past spinning, into the kernel.
            if turn % 5_000 == 0 { usleep(2_000) }
            counter.lock.release()
          }
        }
      }
    }
    #expect(counter.value == 160_000)
  }
}
