/// What both caches promise, written as plainly as possible: the order of use is a list, and every question
/// is answered by walking through it.
struct NaiveCache<Value: Equatable> {
  struct Entry {
    var key: Int
    var value: Value
    var cost: Int
    var deadline: Int
  }

  /// The one used last comes last.
  var entries: [Entry] = []
  var capacity: Int
  var costMax: Int
  var now = 0
  var evictions: UInt64 = 0
  var expirations: UInt64 = 0

  init(capacity: Int, costMax: Int) {
    self.capacity = capacity
    self.costMax = costMax
  }

  var cost: Int { entries.reduce(0) { $0 + $1.cost } }

  mutating func value(for key: Int) -> Value? {
    guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
    let entry = entries.remove(at: place)
    if entry.deadline <= now {
      expirations += 1
      return nil
    }
    entries.append(entry)
    return entry.value
  }

  mutating func insert(_ value: Value, for key: Int, cost: Int, deadline: Int) {
    entries.removeAll { $0.key == key }
    if capacity <= 0 || cost > costMax { return }
    entries.append(Entry(key: key, value: value, cost: cost, deadline: deadline))
    evict()
  }

  mutating func evict() {
    while entries.count > capacity || cost > costMax {
      entries.removeFirst()
      evictions += 1
    }
  }

  mutating func remove(_ key: Int) -> Value? {
    guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
    return entries.remove(at: place).value
  }

  mutating func sweep() {
    let before = entries.count
    entries.removeAll { $0.deadline <= now }
    expirations += UInt64(before - entries.count)
  }
}
