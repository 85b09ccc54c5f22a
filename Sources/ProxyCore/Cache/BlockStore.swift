/// Entries of bytes, each in one block of the size that it needs.
///
/// The blocks of a size class lie side by side in that class's pages, and only a few of them are ever
/// holes: when there are more, the class's last block moves into one. So memory follows the entries however
/// their sizes change, and it is always the last page of a class that comes free. A block knows its key, by
/// which those who refer to it by number are told when it moved.
struct BlockStore: EntryStore, ~Copyable {
  private var pages: PageTable
  private var classes: [BlockClass]
  /// What the entries cost together, for those who empty the store at one stroke.
  var bytes = 0
  /// How many of them refer to a value that lies elsewhere.
  var sharedCount = 0
  let hashing: SipHash

  /// The blocks of one size.
  private struct BlockClass {
    var pages: [UInt32] = []
    /// Blocks in use on the last page, holes among them; and in all.
    var usedOnLast: UInt32 = 0
    var used = 0
    /// Holes, linked both ways by the links they held as entries.
    var firstHole = Entry.none
    var holes = 0
  }

  /// nil where there is no memory for even an empty one.
  init?(hashing: SipHash, source: PageSource) {
    self.hashing = hashing
    pages = PageTable(source: source)
    classes = Array(repeating: BlockClass(), count: SizeClass.count)
    // The first block becomes entry 0, the sentinel: it is never freed, and never the last of a class that
    // has others, because nothing else is of the smallest class.
    guard let sentinel = allocate(SizeClass(holding: Self.sentinelBytes)) else { return nil }
    assert(sentinel == .none)
    unsafe links(sentinel).pointee = RecencyLinks(newer: .none, older: .none)
  }

  private static let sentinelBytes = 8

  deinit { while !releaseShared(blocksMax: .max) {} }

  /// Lets go of up to so many of the values that lie elsewhere, from the oldest entry on, as a store does
  /// that is about to end; says whether none is left.
  func releaseShared(blocksMax: Int) -> Bool {
    // A store that is not whole has no sentinel, and nothing to let go of either.
    if sharedCount == 0 { return true }
    let sentinel = unsafe links(.none)
    for _ in 0..<blocksMax {
      let entry = unsafe sentinel.pointee.newer
      if entry == .none { return true }
      unsafe block(entry).shared?.release()
      unsafe sentinel.pointee.newer = links(entry).pointee.newer
    }
    return false
  }

  /// Has the processor fetch where the blocks are, before one is asked for.
  @inline(__always)
  func prefetchAddresses() { pages.prefetch() }

  func block(_ entry: Entry) -> Block {
    unsafe Block(pages.address(ofUnit: entry.number))
  }

  // MARK: EntryStore

  func links(_ entry: Entry) -> UnsafeMutablePointer<RecencyLinks> {
    unsafe pages.address(ofUnit: entry.number).assumingMemoryBound(to: RecencyLinks.self)
  }

  func hash(_ entry: Entry) -> UInt64 {
    unsafe hashing.hash(UnsafeRawBufferPointer(block(entry).key))
  }

  /// Milliseconds since the cache was made, and how old an entry may be.
  struct Time {
    var now: UInt64
    var ageMax: UInt32

    /// Half of what 32 bits can tell apart (24 days), so that an entry which another loop inserted a moment
    /// after this loop last looked at the clock is young, not old.
    static let lifetimeMax: UInt64 = 1 << 31 - 1

    func age(_ block: Block) -> UInt32 {
      let age = unsafe UInt32(truncatingIfNeeded: now) &- block.inserted
      return age > Self.lifetimeMax ? 0 : age
    }

    /// How long it is until the first of an entry's two ends.
    func left(_ block: Block) -> UInt64 {
      let ofKey = unsafe block.deadline > now ? block.deadline &- now : 0
      let age = unsafe age(block)
      return min(ofKey, ageMax > age ? UInt64(ageMax &- age) : 0)
    }

    func isPast(_ block: Block) -> Bool {
      unsafe block.deadline <= now || age(block) >= ageMax
    }
  }

  func isExpired(_ entry: Entry, at time: Time) -> Bool {
    unsafe time.isPast(block(entry))
  }

  // MARK: Blocks

  /// A block of a class, or nil where there is no memory left.
  mutating func allocate(_ sizeClass: SizeClass) -> Entry? {
    let number = sizeClass.number
    if classes[number].holes > 0 {
      let hole = classes[number].firstHole
      unlinkHole(hole, in: number)
      return hole
    }
    if classes[number].pages.isEmpty || classes[number].usedOnLast == sizeClass.blocksPerPage {
      guard let page = pages.take() else { return nil }
      classes[number].pages.append(page)
      classes[number].usedOnLast = 0
    }
    let position = classes[number].usedOnLast
    classes[number].usedOnLast &+= 1
    classes[number].used &+= 1
    return lastPage(of: number).map {
      Entry($0 &<< PageTable.unitsPerPageBits &+ position &* sizeClass.units)
    }
  }

  /// Makes an entry's block a hole. The caller then calls `compact` until it answers nil.
  mutating func free(_ entry: Entry, _ sizeClass: SizeClass) {
    let number = sizeClass.number
    let former = classes[number].firstHole
    unsafe block(entry).markHole()
    unsafe links(entry).pointee = RecencyLinks(newer: .none, older: former)
    if former != .none { unsafe links(former).pointee.newer = entry }
    classes[number].firstHole = entry
    classes[number].holes &+= 1
  }

  /// Takes the last block of a class away if too many are holes, moving what it holds into another.
  /// Says what moved, or, where nothing had to, that it is done.
  mutating func compact(_ sizeClass: SizeClass) -> (from: Entry, to: Entry)? {
    let number = sizeClass.number
    while classes[number].holes &* Self.blocksPerHoleMin > classes[number].used {
      guard let page = lastPage(of: number) else { return nil }
      let last = Entry(
        page &<< PageTable.unitsPerPageBits &+ (classes[number].usedOnLast &- 1) &* sizeClass.units)
      if unsafe block(last).isHole {
        unlinkHole(last, in: number)
        removeLast(of: sizeClass)
      } else {
        let hole = classes[number].firstHole
        unlinkHole(hole, in: number)
        unsafe block(hole).memory.copyMemory(from: block(last).memory, byteCount: sizeClass.bytes)
        removeLast(of: sizeClass)
        return (last, hole)
      }
    }
    return nil
  }

  /// One block in 32 may be a hole, so that entries that come and go in one size seldom move others.
  private static let blocksPerHoleMin = 32

  private func lastPage(of number: Int) -> UInt32? { classes[number].pages.last }

  private mutating func removeLast(of sizeClass: SizeClass) {
    let number = sizeClass.number
    classes[number].used &-= 1
    classes[number].usedOnLast &-= 1
    if classes[number].usedOnLast == 0, let page = classes[number].pages.popLast() {
      pages.give(back: page)
      classes[number].usedOnLast = classes[number].pages.isEmpty ? 0 : sizeClass.blocksPerPage
    }
  }

  private mutating func unlinkHole(_ hole: Entry, in number: Int) {
    let around = unsafe links(hole).pointee
    if around.newer == .none {
      classes[number].firstHole = around.older
    } else {
      unsafe links(around.newer).pointee.older = around.older
    }
    if around.older != .none { unsafe links(around.older).pointee.newer = around.newer }
    classes[number].holes &-= 1
  }
}
