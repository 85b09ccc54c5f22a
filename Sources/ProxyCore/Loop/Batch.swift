/// What one phase of a turn is to act upon. What is added while the phase runs is for the next
/// turn. Both arrays are used again, so that a steady state allocates none. Go through them by
/// index: the general iterator allocates in debug builds, where the budgets are tested too.
struct Batch<Element> {
  private var filling: [Element] = []
  private var spare: [Element] = []

  var isEmpty: Bool { filling.isEmpty }

  mutating func append(_ element: Element) { filling.append(element) }

  mutating func begin() -> [Element] {
    var batch: [Element] = []
    swap(&batch, &filling)
    swap(&filling, &spare)
    return batch
  }

  mutating func end(_ batch: inout [Element]) {
    batch.removeAll(keepingCapacity: true)
    swap(&batch, &spare)
  }
}
