/// Tables that were emptied at one stroke and are still to be taken apart, a shard's worth at a time: giving
/// a gigabyte back takes the system longer than a loop may stand still.
final class Graveyard: Sendable {
  private let lock = Lock()
  private let tables = Pile()

  private final class Pile: @unchecked Sendable {  // guarded by `lock`
    var first: Grave?
    var count = 0
  }

  private final class Grave {
    let table: RecencyTable<BlockStore>
    var next: Grave?

    init(_ table: consuming RecencyTable<BlockStore>) { self.table = table }
  }

  /// More than one emptying of the largest number of shards; past it a table is taken apart at once.
  private static let gravesMax = 512

  func bury(_ table: consuming RecencyTable<BlockStore>) {
    if table.count == 0 { return }
    let grave = Grave(table)
    lock.acquire()
    if tables.count < Self.gravesMax {
      grave.next = tables.first
      tables.first = grave
      tables.count += 1
    }
    lock.release()
  }

  /// Takes one apart, if there is one.
  func clearOne() {
    lock.acquire()
    let grave = tables.first
    if let grave {
      tables.first = grave.next
      tables.count -= 1
    }
    lock.release()
    withExtendedLifetime(grave) {}
  }
}
