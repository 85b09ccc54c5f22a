import Glibc
import Testing

@testable import TestSupport

@Suite struct ChildProcessTests {
  /// Whether there is such a process, a dead one that nobody collected included.
  func exists(_ pid: pid_t) -> Bool { kill(pid, 0) == 0 }

  @Test func `its exit status is what the program said, or the signal`() throws {
    #expect(try ChildProcess(["sh", "-c", "exit 7"]).wait() == 7)
    let sleeper = try ChildProcess(["sleep", "1000"])
    #expect(sleeper.isRunning)
    sleeper.signal(SIGTERM)
    #expect(sleeper.wait() == 128 + SIGTERM)
    #expect(!sleeper.isRunning)
  }

  @Test func `a program that does not exist is an error`() {
    #expect(throws: ToolError.self) { try ChildProcess(["no-such-program-here"]) }
  }

  @Test func `variables reach the program`() throws {
    let child = try ChildProcess(
      ["sh", "-c", "test \"$FLAVOUR\" = mint"], variables: ["FLAVOUR=mint"])
    #expect(child.wait() == 0)
  }

  @Test func `it ends with its object`() throws {
    var pid: pid_t = 0
    do {
      let sleeper = try ChildProcess(["sleep", "1000"])
      pid = sleeper.pid
      #expect(exists(pid))
    }
    #expect(!exists(pid))
  }

  @Test func `it ends when the process that started it does`() throws {
    let sleeper = try ChildProcess(["sleep", "1000"])
    sleeper.loseLifeline()
    #expect(sleeper.wait() == 128 + SIGKILL)
  }
}
