import Synchronization
import Testing

@testable import ProxyCore

@Suite struct LoopMailboxTests {
  @Test func `each sender's messages arrive in the order sent, all of them`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let senders = 4
    let each = 20_000
    var next = [Int](repeating: 0, count: senders)
    var total = 0
    let mailbox = loop.makeMailbox(capacity: 1_000) { (message: (sender: Int, number: Int), _) in
      #expect(next[message.sender] == message.number)
      next[message.sender] = message.number + 1
      total += 1
    }
    var threads: [LoopThread] = []
    for sender in 0..<senders {
      let thread = try LoopThread(name: "sender")
      let posted = thread.remote.post { _ in
        var number = 0
        while number < each {
          if mailbox.send((sender, number)) { number += 1 }
        }
      }
      #expect(posted)
      threads.append(thread)
    }
    while total < senders * each { loop.turn() }
    for thread in threads {
      thread.stop()
      thread.join()
    }
  }

  @Test func `a loop that is awake is not woken, one that sleeps is woken once`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    var received: [Int] = []
    let mailbox = loop.makeMailbox(capacity: 10) { (message: Int, _) in received.append(message) }
    for number in 0..<5 { #expect(mailbox.send(number)) }
    #expect(loop.remote.waker.wakeCount == 0)
    loop.turn()
    #expect(received == [0, 1, 2, 3, 4])
    #expect(loop.remote.waker.fallAsleep())
    for number in 5..<9 { #expect(mailbox.send(number)) }
    #expect(loop.remote.waker.wakeCount == 1)
    #expect(!loop.remote.waker.fallAsleep())
    loop.turn()
    #expect(received.count == 9)
  }

  @Test func `a full mailbox refuses, and so does a closed one`() throws {
    let loop = try EventLoop()
    var received = 0
    let mailbox = loop.makeMailbox(capacity: 3) { (_: Int, _) in received += 1 }
    #expect((0..<5).map { mailbox.send($0) } == [true, true, true, false, false])
    loop.turn()
    #expect(received == 3 && mailbox.send(6))
    loop.shutDown()
    #expect(!mailbox.send(7) && received == 3)
    #expect(!loop.remote.post { _ in })
  }

  @Test func `mail of one turn is bounded and the rest comes next`() throws {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    var received: [Int] = []
    let mailbox = loop.makeMailbox(capacity: 10_000) { (message: Int, _) in
      received.append(message)
    }
    let most = Limits.mailPerTurnMax
    for number in 0..<most + 2 { #expect(mailbox.send(number)) }
    loop.turn()
    #expect(received.count == most)
    #expect(mailbox.send(most + 2))
    loop.turn()
    loop.turn()
    #expect(received == Array(0...most + 2))
  }

  @Test func `what was posted before the end is done`() throws {
    let thread = try LoopThread(name: "poster")
    let counter = Counter()
    for _ in 0..<100 {
      #expect(thread.remote.post { _ in counter.value.wrappingAdd(1, ordering: .relaxed) })
    }
    thread.stop()
    thread.join()
    #expect(counter.value.load(ordering: .relaxed) == 100)
    #expect(thread.perform { _ in 1 } == nil)
  }

  private final class Counter: Sendable {
    let value = Atomic<Int>(0)
  }
}
