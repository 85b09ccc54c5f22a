/// What the checked system promises.
public enum Promise: Sendable {
  /// Every operation takes effect at one moment between its invocation and its return.
  case strict
  /// The same, but a loose write, and one of unknown outcome, is only promised to be seen by reads that
  /// begin after its return: until then a read from a cache may show what was before it.
  case nearCache
}

/// A history made ready for the checkers: without what proves nothing, with the order that clients may
/// rely upon.
///
/// Each step here drops or weakens a demand, so that a violation which remains is one of the history.
struct Evidence {
  /// By number; `before` speaks of these.
  var operations: [Operation]
  /// For each operation those of its client that must take effect before it. Their predecessors are
  /// implied.
  private(set) var before: [[Int]]
  /// Keys whose value may vanish at any time.
  var vanishing: Set<String> = []
  /// Reads whose invocation was moved back by a loose write.
  private var isWidened: [Bool]

  init(_ history: [Operation], promise: Promise) {
    // What was refused did nothing; a read that nobody heard says nothing.
    operations = history.filter { $0.outcome != .refused && !($0.isOptional && $0.call.isRead) }
    isWidened = Array(repeating: false, count: operations.count)
    before = []
    if promise == .nearCache { widenReads() }
    before = programOrder()
  }

  /// What is left of it with these operations only, some perhaps weakened. Their order remains, but for
  /// those that wait for one that may never be.
  func keeping(_ kept: [(number: Int, operation: Operation)]) -> Evidence {
    var result = self
    var places: [Int: Int] = [:]
    for (place, item) in kept.enumerated() { places[item.number] = place }
    result.operations = kept.map(\.operation)
    result.before = kept.map { item in
      before[item.number].compactMap { places[$0] }.filter { !result.operations[$0].isOptional }
    }
    return result
  }

  /// A cache that still shows the value from before a loose write shows what was current at that
  /// write's moment, hence at some moment since its invocation. So a read that overlaps it is asked to
  /// be right for some moment since then, instead of since its own invocation.
  private mutating func widenReads() {
    var writes: [String: [(invoked: Int, returned: Int)]] = [:]
    for operation in operations where operation.call.isLoose || operation.isOptional {
      for key in operation.call.keys {
        writes[key, default: []].append((operation.invoked, operation.returned))
      }
    }
    for index in operations.indices where operations[index].call.isCacheable {
      let read = operations[index]
      let overlapping = (writes[read.call.keys[0]] ?? [])
        .filter { $0.invoked < read.returned && $0.returned > read.invoked }
      guard let first = overlapping.map(\.invoked).min() else { continue }
      operations[index].invoked = min(read.invoked, first)
      isWidened[index] = true
    }
  }

  /// The latest operations of a client on one key.
  private struct Tail {
    /// The last one that others of the client follow in any case.
    var last: Int?
    /// The last one that took the key out of the cache.
    var lastEviction: Int?
    /// Widened reads since `last`.
    var widened: [Int] = []
  }

  /// Operations of one client that name a common key take effect in the order sent. Two exceptions:
  /// what has an unknown outcome may yet take effect later than all others, and a widened read may be
  /// from before an earlier read (not from before an earlier write or transaction, which took the entry
  /// away).
  private func programOrder() -> [[Int]] {
    var before: [[Int]] = Array(repeating: [], count: operations.count)
    let clients = Dictionary(grouping: operations.indices) { operations[$0].client }
    for members in clients.values {
      var tails: [String: Tail] = [:]
      var barrier: Int?
      for index in members.sorted(by: { operations[$0].sequence < operations[$1].sequence }) {
        let operation = operations[index]
        let keys = operation.call.namesAll ? Array(tails.keys) : operation.call.keys
        var earlier = Set(barrier.map { [$0] } ?? [])
        for key in keys {
          guard let tail = tails[key] else { continue }
          if isWidened[index] {
            if let eviction = tail.lastEviction { earlier.insert(eviction) }
          } else {
            if let last = tail.last { earlier.insert(last) }
            earlier.formUnion(tail.widened)
          }
        }
        before[index] = earlier.sorted()
        if operation.isOptional { continue }
        for key in operation.call.keys {
          if isWidened[index] {
            tails[key, default: Tail()].widened.append(index)
          } else {
            let eviction = operation.call.evicts(key) ? index : tails[key]?.lastEviction
            tails[key] = Tail(last: index, lastEviction: eviction)
          }
        }
        if operation.call.namesAll { barrier = index }
      }
    }
    return before
  }
}
