import TestSupport
import Testing

@testable import ProxyCore

@Suite struct PermitQueueTests {
  /// What `PermitQueue` promises, said as plainly as possible.
  struct Model {
    var permits: Int
    var queueLimit: Int
    var inUse = 0
    var line: [(name: Int, deadline: Moment)] = []

    mutating func take() -> Bool {
      guard line.isEmpty, inUse < permits else { return false }
      inUse += 1
      return true
    }

    mutating func grantNext() -> Int? {
      guard inUse < permits, !line.isEmpty else { return nil }
      inUse += 1
      return line.removeFirst().name
    }

    mutating func release() -> Int? {
      inUse -= 1
      return grantNext()
    }

    mutating func cancel(_ name: Int) -> Int? {
      guard let index = line.firstIndex(where: { $0.name == name }) else { return nil }
      return line.remove(at: index).name
    }

    mutating func expireAll(now: Moment) -> [Int] {
      let due = line.filter { $0.deadline <= now }
      line.removeAll { $0.deadline <= now }
      return due.sorted { ($0.deadline, $0.name) < ($1.deadline, $1.name) }.map(\.name)
    }
  }

  /// How deadlines follow one another; both ways some have none.
  enum Patience {
    case mostlyInOrder
    /// Many equal, some before nearly all others, some after.
    case anyOrder
  }

  /// The queue and its model, given the same operations.
  struct Pair: ~Copyable {
    var queue: PermitQueue<Int>
    var model: Model
    var random: SeededGenerator
    var clock = ManualClock()
    var tokens: [(name: Int, token: PermitQueue<Int>.SlotToken)] = []
    var nextName = 0
    let lineMost: Int
    let patience: Patience

    init(random: SeededGenerator, lineMost: Int, patience: Patience) {
      self.random = random
      self.lineMost = lineMost
      self.patience = patience
      let permits = Int.random(in: 1...6, using: &self.random)
      let limit = Int.random(in: 0...lineMost, using: &self.random)
      queue = PermitQueue(permits: permits, queueLimit: limit)
      model = Model(permits: permits, queueLimit: limit)
    }

    mutating func step() {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<7: enqueue()
      case 7..<9:
        let (taken, expected) = (queue.take(), model.take())
        #expect(taken == expected)
      case 9..<13 where model.inUse > 0:
        let (next, expected) = (queue.release(), model.release())
        #expect(next == expected)
      case 13..<16: cancel()
      case 16..<19: expire()
      case 19: resize()
      default: break
      }
      let consistent = queue.isConsistent()
      #expect(consistent)
      let (inUse, waiting, earliest) = (queue.permitsInUse, queue.waiting, queue.earliestDeadline)
      #expect(inUse == model.inUse)
      #expect(waiting == model.line.count)
      #expect(earliest == earliestExpected)
    }

    private var earliestExpected: Moment? {
      model.line.map(\.deadline).filter { $0 != .distantFuture }.min()
    }

    private mutating func enqueue() {
      let name = nextName
      nextName += 1
      let deadline = randomDeadline()
      switch queue.enqueue(name, deadline: deadline) {
      case .granted:
        let taken = model.take()
        #expect(taken)
      case .refused:
        #expect(model.line.count >= model.queueLimit)
      case .queued(let token):
        #expect(model.line.count < model.queueLimit)
        #expect(!model.line.isEmpty || model.inUse >= model.permits)
        model.line.append((name, deadline))
        tokens.append((name, token))
      }
    }

    private mutating func randomDeadline() -> Moment {
      let now = clock.now
      let wait: Int64
      switch (patience, Int.random(in: 0..<6, using: &random)) {
      case (_, 0): return .distantFuture
      case (.mostlyInOrder, ..<4): wait = 50
      case (.mostlyInOrder, _): wait = Int64.random(in: 0...100, using: &random)
      case (.anyOrder, 1): wait = Int64.random(in: 0...3, using: &random)
      case (.anyOrder, 2): wait = Int64.random(in: 10_000...20_000, using: &random)
      // The same few moments for all who come within a time.
      case (.anyOrder, 3...4):
        let step: Int64 = Bool.random(using: &random) ? 500 : 4_000
        return Moment(nanoseconds: (now.nanoseconds / step + 1) * step)
      case (.anyOrder, _): wait = Int64.random(in: 0...10_000, using: &random)
      }
      return now.advanced(by: .nanoseconds(wait))
    }

    /// Any token ever given, so that most are stale.
    private mutating func cancel() {
      guard let (name, token) = tokens.randomElement(using: &random) else { return }
      let (left, expected) = (queue.cancel(token), model.cancel(name))
      #expect(left == expected)
      if tokens.count > 40 { tokens.removeFirst() }
    }

    mutating func expire(after most: Int64 = 40) {
      clock.advance(by: .nanoseconds(Int64.random(in: 0...most, using: &random)))
      var expired: [Int] = []
      while let name = queue.expireNext(now: clock.now) { expired.append(name) }
      let expected = model.expireAll(now: clock.now)
      #expect(expired == expected)
    }

    private mutating func resize() {
      model.permits = Int.random(in: 1...6, using: &random)
      model.queueLimit = Int.random(in: 0...lineMost, using: &random)
      queue.permits = model.permits
      queue.queueLimit = model.queueLimit
      while let name = queue.grantNext() {
        let expected = model.grantNext()
        #expect(name == expected)
      }
      let none = model.grantNext()
      #expect(none == nil)
    }
  }

  @Test func `random operations do what a naive model does`() {
    var seeds = SeededGenerator.forTest()
    for _ in 0..<40 {
      var pair = Pair(
        random: SeededGenerator(seed: seeds.next()), lineMost: 24, patience: .mostlyInOrder)
      for _ in 0..<500 { pair.step() }
    }
  }

  @Test func `deadlines in any order pass as they do in a naive model`() {
    var seeds = SeededGenerator.forTest()
    for _ in 0..<6 {
      var pair = Pair(
        random: SeededGenerator(seed: seeds.next()), lineMost: 600, patience: .anyOrder)
      for _ in 0..<1_500 { pair.step() }
      while pair.queue.earliestDeadline != nil { pair.expire(after: 400) }
      let consistent = pair.queue.isConsistent()
      #expect(consistent)
    }
  }

  @Test func `a token does not fit the next waiter in its slot`() throws {
    var queue = PermitQueue<Int>(permits: 1, queueLimit: 1)
    let taken = queue.take()
    #expect(taken)
    guard case .queued(let first) = queue.enqueue(1, deadline: .distantFuture) else {
      Issue.record("the first waiter was not queued")
      return
    }
    var left = queue.cancel(first)
    #expect(left == 1)
    guard case .queued = queue.enqueue(2, deadline: .distantFuture) else {
      Issue.record("the second waiter was not queued")
      return
    }
    left = queue.cancel(first)
    #expect(left == nil)
    let next = queue.release()
    #expect(next == 2)
  }

  @Test func `waiting allocates nothing once the line has been as long`() {
    guard AllocationCount.works else { return }
    var queue = PermitQueue<Int>(permits: 1, queueLimit: 64)
    func fillAndDrain() -> Int {
      var granted = queue.take() ? 1 : 0
      for name in 0..<64 {
        _ = queue.enqueue(name, deadline: Moment(nanoseconds: Int64(name * 37 % 64)))
      }
      for _ in 0..<32 where queue.release() != nil { granted += 1 }
      while queue.expireNext(now: .distantFuture) != nil { granted += 1 }
      _ = queue.release()
      return granted
    }
    let first = fillAndDrain()
    #expect(first == 65)
    let (granted, allocations) = AllocationCount.during { fillAndDrain() }
    #expect(granted == 65)
    #expect(allocations == 0)
  }
}
