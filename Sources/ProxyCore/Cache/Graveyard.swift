/// Tables that were emptied at one stroke and are still to be taken apart, a part at a time: giving a
/// gigabyte back takes the system longer than a loop may stand still.
final class Graveyard: Sendable {
  private let lock = Lock()
  private let graves = Graves()

  // Unchecked because the compiler cannot see that every access is between `lock`'s acquire and release.
  private final class Graves: @unchecked Sendable {
    var first: Grave?
    var bytes = 0
  }

  private final class Grave {
    let table: RecencyTable<BlockStore>
    let bytes: Int
    var next: Grave?

    init(_ table: consuming RecencyTable<BlockStore>) {
      bytes = table.store.bytes
      self.table = table
    }
  }

  var isEmpty: Bool {
    lock.acquire()
    defer { lock.release() }
    return graves.first == nil
  }

  /// Takes a table in; one that would make the graves hold more than `bytesMax` is taken apart at once, so
  /// that emptying and filling by turns cannot take memory without bound.
  func bury(_ table: consuming RecencyTable<BlockStore>, bytesMax: Int) {
    let grave = Grave(table)
    lock.acquire()
    if grave.bytes <= bytesMax &- graves.bytes { push(grave) }
    withExtendedLifetime(grave) { lock.release() }
  }

  /// Takes a part of one table apart, if there is one: some large values, or all the pages at the end.
  func clearSome() {
    lock.acquire()
    let grave = graves.first
    if let grave {
      graves.first = grave.next
      grave.next = nil
      graves.bytes &-= grave.bytes
    }
    lock.release()
    guard let grave else { return }
    if grave.table.store.releaseShared(blocksMax: Self.blocksPerVisit) { return }
    lock.acquire()
    push(grave)
    lock.release()
  }

  private static let blocksPerVisit = 64

  private func push(_ grave: Grave) {
    grave.next = graves.first
    graves.first = grave
    graves.bytes &+= grave.bytes
  }
}
