/// Finds a command by its name in O(1) and without allocation, whatever the case of its letters.
///
/// Open addressing in a table that never changes and is at most half full. Its hash needs no
/// secret: the names come from Redis, and what a client asks for is not stored.
struct CommandIndex: Sendable {
  struct IndexedCommand {
    let name: [UInt8]
    /// The number of the container whose subcommand this is; 0 for a command.
    let container: UInt16
  }

  private struct IndexSlot {
    /// The first eight bytes.
    var head: UInt64 = 0
    /// Where the rest begins in `tails`.
    var tail: UInt32 = 0
    var container: UInt16 = 0
    var length: UInt16 = 0
    /// Of the entry, from 1 on; 0: nothing here.
    var number: UInt16 = 0
  }

  private var slots: [IndexSlot]
  private var tails: [UInt64] = []
  private let shift: UInt64
  private var lengthMax = 0

  /// The index of `entries`, fewer than 65535; an entry's number is its place.
  /// Of two entries with the same name the first is found.
  init(_ entries: [IndexedCommand]) {
    var bits: UInt64 = 4
    while entries.count &* 2 > 1 &<< bits { bits &+= 1 }
    shift = 64 &- bits
    slots = Array(repeating: IndexSlot(), count: 1 &<< bits)
    for (place, entry) in entries.enumerated() { insert(entry, at: place) }
  }

  private mutating func insert(_ entry: IndexedCommand, at number: Int) {
    let name = unsafe entry.name.span.bytes  // bytes have no padding
    guard let length = UInt16(exactly: name.byteCount), length > 0,
      let number = UInt16(exactly: number + 1)
    else { return }
    var at = place(of: Self.hash(name, head: name.foldedWord(at: 0), entry.container))
    while slots[at].number != 0 { at = (at &+ 1) & (slots.count &- 1) }
    slots[at] = IndexSlot(
      head: name.foldedWord(at: 0), tail: UInt32(clamping: tails.count),
      container: entry.container, length: length, number: number)
    for offset in stride(from: 8, to: name.byteCount, by: 8) {
      tails.append(name.foldedWord(at: offset))
    }
    lengthMax = max(lengthMax, name.byteCount)
  }

  /// The place of the entry with this name in this container.
  func find(_ name: RawSpan, in container: UInt16) -> Int? {
    let length = name.byteCount
    guard length > 0 && length <= 8 else { return findLong(name, in: container) }
    let head = name.foldedWord(at: 0)
    var at = place(of: Self.hash(head, container))
    while slots[at].number != 0 {
      let slot = slots[at]
      if slot.head == head && slot.container == container && Int(slot.length) == length {
        return Int(slot.number) &- 1
      }
      at = (at &+ 1) & (slots.count &- 1)
    }
    return nil
  }

  /// Kept out of the way of short names, which nearly all are.
  @inline(never)
  private func findLong(_ name: RawSpan, in container: UInt16) -> Int? {
    guard name.byteCount > 8 && name.byteCount <= lengthMax else { return nil }
    let head = name.foldedWord(at: 0)
    var at = place(of: Self.hash(name, head: head, container))
    while slots[at].number != 0 {
      let slot = slots[at]
      if slot.head == head && slot.container == container
        && Int(slot.length) == name.byteCount && hasTail(name, slot)
      {
        return Int(slot.number) &- 1
      }
      at = (at &+ 1) & (slots.count &- 1)
    }
    return nil
  }

  private func hasTail(_ name: RawSpan, _ slot: IndexSlot) -> Bool {
    var offset = 8
    var place = Int(slot.tail)
    while offset < name.byteCount {
      if name.foldedWord(at: offset) != tails[place] { return false }
      offset &+= 8
      place &+= 1
    }
    return true
  }

  private func place(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> shift) }

  private static func hash(_ head: UInt64, _ container: UInt16) -> UInt64 {
    (head ^ UInt64(container)) &* multiplier
  }

  private static func hash(_ name: RawSpan, head: UInt64, _ container: UInt16) -> UInt64 {
    var hash = hash(head, container)
    var offset = 8
    while offset < name.byteCount {
      hash = (hash ^ hash &>> 32 ^ name.foldedWord(at: offset)) &* multiplier
      offset &+= 8
    }
    return hash
  }

  /// The golden ratio's: it spreads what differs in any bit over the highest ones.
  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
}
