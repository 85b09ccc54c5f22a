/// Who is registered with a loop's poller.
struct SlotTable {
  enum Occupant {
    case free(next: UInt32)
    case waker, alarm
    case listener(Listener)
    case connection(Connection)
  }

  private struct TableSlot {
    var registration: UInt32
    var occupant: Occupant
    /// The occupant where it is a connection: for those who come most often, without a switch.
    var guest: Guest?
  }

  private var slots: [TableSlot] = []
  private var firstFree = Self.none
  private static let none = UInt32.max

  /// O(1) amortized. The token is told apart from those of all who had the slot before.
  mutating func insert(_ occupant: Occupant) -> PollToken {
    if firstFree == Self.none {
      let token = PollToken(slot: UInt32(slots.count), registration: 0)
      slots.append(TableSlot(registration: 0, occupant: occupant, guest: occupant.guest))
      return token
    }
    let slot = firstFree
    let token = PollToken(slot: slot, registration: slots[Int(slot)].registration)
    guard case .free(let next) = slots[Int(slot)].occupant else {
      preconditionFailure("the list of free slots leads to one that is taken")
    }
    firstFree = next
    slots[Int(slot)].occupant = occupant
    slots[Int(slot)].guest = occupant.guest
    return token
  }

  /// O(1). The token is stale from here on.
  mutating func remove(_ token: PollToken) {
    let index = Int(token.slot)
    precondition(slots[index].registration == token.registration, "removed twice")
    slots[index].registration &+= 1
    slots[index].occupant = .free(next: firstFree)
    slots[index].guest = nil
    firstFree = token.slot
  }

  /// O(1). Nil where the token is a former occupant's.
  func occupant(of token: PollToken) -> Occupant? {
    let index = Int(token.slot)
    guard index < slots.count, slots[index].registration == token.registration else { return nil }
    return slots[index].occupant
  }

  /// The same, where that is a connection.
  func guest(of token: PollToken) -> Guest? {
    let index = Int(token.slot)
    guard index < slots.count, slots[index].registration == token.registration else { return nil }
    return slots[index].guest
  }

  /// O(n), over those who are there at the start: `body` may change the table.
  func forEach(_ body: (Occupant) -> Void) {
    for slot in slots { body(slot.occupant) }
  }
}

extension SlotTable.Occupant {
  fileprivate var guest: Guest? {
    if case .connection(let connection) = self { Guest(connection) } else { nil }
  }
}
