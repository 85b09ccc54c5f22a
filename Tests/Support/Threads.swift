private import Foundation

/// Runs `body` on so many threads of its own at once, with their numbers, and waits for all: clients that
/// block must not take the few threads that tasks share.
public func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
  await withTaskGroup(of: Void.self) { group in
    for number in 0..<count {
      group.addTask {
        await withCheckedContinuation { continuation in
          Thread {
            body(number)
            continuation.resume()
          }.start()
        }
      }
    }
  }
}
