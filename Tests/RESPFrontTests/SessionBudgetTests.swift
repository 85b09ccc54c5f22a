import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite struct SessionBudgetTests {
  @Test func `a pipeline of commands costs no allocation once its buffers are there`() {
    guard AllocationCount.works else { return }
    var dialogue = Dialogue(ClientState(id: 1, greeting: ServerGreeting(version: "7.0.0")))
    var output = ByteBuffer()
    var pipeline: [UInt8] = []
    for _ in 0..<100 {
      pipeline += multibulk("PING") + multibulk("ECHO", "abc") + multibulk("SELECT", "3")
      pipeline += multibulk("CLIENT", "ID") + multibulk("HELLO", "3") + multibulk("GET", "a")
    }
    _ = unsafe dialogue.take(pipeline.span.bytes, output: &output)
    output.removeAll()
    var verdict = Dialogue.Verdict.aborted
    let (_, allocations) = AllocationCount.during {
      verdict = unsafe dialogue.take(pipeline.span.bytes, output: &output)
    }
    #expect(allocations == 0)
    #expect(verdict == .taken(pipeline.count, needing: 0))
  }
}
