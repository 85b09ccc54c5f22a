private import Dispatch
import Foundation

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

/// Has so many threads of their own run `body` with their numbers, and returns at once: a test that then blocks may
/// hold all of the threads that tasks share.
public func startThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  for number in 0..<count { Thread { body(number) }.start() }
}

/// Runs tasks on a thread of their own. The threads that tasks share are as few as there are cores, and a
/// test that waits in a system call keeps one of them: a task could stand still for as long as that takes.
public final class ThreadOfTasks: TaskExecutor {
  private let queue = DispatchQueue(label: "tasks of a test")

  /// A thread that waits for tasks.
  public init() {}

  /// Runs a part of a task when all that came before it have been.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
