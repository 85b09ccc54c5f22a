import TestSupport
import Testing

@testable import ProxyCore

@Suite struct GatherTests {
  /// A loop that asks four others: nothing is there before their replies are used.
  private final class Asker {
    let loop: EventLoop
    private(set) var replies: [Int: @Sendable (String) -> Void] = [:]
    private(set) var told: [[String?]] = []
    private(set) var gather: Gather<String>?

    init(hasEnded: Set<Int> = [], patience: Duration? = nil) throws {
      let loop = try EventLoop()
      self.loop = loop
      let mailbox = loop.makeMailbox(capacity: .max) { (work: @Sendable () -> Void, _) in work() }
      gather = Gather(
        from: 4, within: patience.map { (loop, $0) }, post: { work in _ = mailbox.send(work) },
        ask: { number, reply in
          replies[number] = reply
          return !hasEnded.contains(number)
        },
        end: { [unowned self] in told.append($0) })
    }

    func reply(_ numbers: Int...) {
      for number in numbers { replies[number]?("part \(number)") }
    }
  }

  @Test func `the parts are told together once all are in, in the order of the asked`() throws {
    let asker = try Asker()
    asker.reply(3, 0, 1)
    asker.loop.turn(mayWait: false)
    #expect(asker.told.isEmpty)
    #expect(asker.gather?.missing == [2])
    asker.reply(2)
    #expect(asker.told.isEmpty, "only on its own loop")
    asker.loop.turn(mayWait: false)
    #expect(asker.told == [["part 0", "part 1", "part 2", "part 3"]])
    asker.reply(1)
    asker.loop.turn(mayWait: false)
    #expect(asker.told.count == 1)
  }

  @Test func `a loop that has ended has no part`() throws {
    let asker = try Asker(hasEnded: [1, 3])
    asker.reply(0, 2)
    asker.loop.turn(mayWait: false)
    #expect(asker.told == [["part 0", nil, "part 2", nil]])
    let ended = try Asker(hasEnded: [0, 1, 2, 3])
    #expect(ended.told == [[nil, nil, nil, nil]])
  }

  @Test func `a late loop is not waited for, and is still known to be missing`() throws {
    let asker = try Asker(patience: .milliseconds(5))
    asker.reply(0, 1, 3)
    while asker.told.isEmpty { asker.loop.turn() }
    #expect(asker.told == [["part 0", "part 1", nil, "part 3"]])
    #expect(asker.gather?.missing == [2])
    asker.reply(2)
    asker.loop.turn(mayWait: false)
    #expect(asker.told.count == 1)
    #expect(asker.gather?.missing.isEmpty == true)
  }
}
