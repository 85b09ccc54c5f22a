/// Where a cache takes its memory from: pages of 16 KiB, cut from large pieces that all its shards
/// share, so that the system can map them with few table entries.
///
/// Pages are taken from the fullest piece that has one, for the others to drain, and a drained
/// piece goes back to the system. That alone is too little: shards that remain have pages in every
/// piece. But to discard a part of a huge page frees nothing, the system only reports less than it
/// holds. So a piece that is half free is made one of small pages first, and then what is free
/// of it goes back.
@usableFromInline
final class PageSource: Sendable {
  private let pieces = Pieces()
  private let lock = Lock()

  @usableFromInline static let pageBytes = 16_384
  /// The first piece is small, for the sake of small caches; the others are what a large page
  /// holds.
  static let firstPiecePages = 16
  static let piecePages = 128

  @usableFromInline
  init() {}

  var lockAcquisitions: UInt64 { lock.acquisitions }

  /// How many pieces the system lent, the first one included.
  var piecesMapped: Int {
    lock.acquire()
    defer { lock.release() }
    return pieces.count
  }

  /// A page, or nil where the system has no more memory to give. What it contains is anything.
  /// O(1).
  @usableFromInline
  func take() -> UnsafeMutableRawPointer? {
    lock.acquire()
    let taken = unsafe pieces.take()
    lock.release()
    // The page just taken keeps its piece from being unmapped meanwhile.
    if let whole = unsafe taken.whole { unsafe PageMemory.preferHuge(whole, bytes: Pieces.bytes) }
    return unsafe taken.page
  }

  /// Takes back what `take` gave. O(1), but for the system's part, which is done without the lock:
  /// it takes its time, and all shards share the lock.
  ///
  /// - Parameter thinning: Whether to give parts of pieces back as well; not worth it to those who give so
  ///   many pages that whole pieces come free.
  @usableFromInline
  func give(back page: UnsafeMutableRawPointer, thinning: Bool = true) {
    lock.acquire()
    var drained = unsafe pieces.give(back: page)
    let surplus = unsafe thinning && drained == nil ? pieces.claimSurplus(around: page) : nil
    lock.release()
    if let surplus {
      surplus.discard()
      lock.acquire()
      unsafe drained = pieces.give(back: surplus)
      lock.release()
    }
    if let drained = unsafe drained { unsafe PageMemory.unmap(drained, bytes: Pieces.bytes) }
  }
}

/// Free pages of a piece, claimed so that they are not handed out while they are being discarded.
@safe
private struct Surplus {
  let base: UnsafeMutableRawPointer
  let number: Int
  let pages: UInt128
  /// Whether the piece may consist of a huge page still.
  let isFirst: Bool

  func discard() {
    if isFirst {
      unsafe PageMemory.splitHuge(
        base, bytes: Pieces.bytes, at: base + pages.trailingZeroBitCount * PageSource.pageBytes,
        partBytes: PageSource.pageBytes)
    }
    var rest = pages
    while rest != 0 {
      let start = rest.trailingZeroBitCount
      let count = (~(rest >> UInt128(start))).trailingZeroBitCount
      unsafe PageMemory.discard(
        base + start * PageSource.pageBytes, bytes: count * PageSource.pageBytes)
      rest &= ~(((1 << UInt128(count)) - 1) << UInt128(start))
    }
  }
}

/// The pieces of a page source, in lists by how many free pages they have.
@safe
// Unchecked because the compiler cannot see that the source holds its lock whenever it calls one of them.
private final class Pieces: @unchecked Sendable {
  static let firstBytes = PageSource.firstPiecePages * PageSource.pageBytes
  static let bytes = PageSource.piecePages * PageSource.pageBytes

  @safe
  private struct Piece {
    let base: UnsafeMutableRawPointer
    /// A bit for each page, set while it is free.
    var free = UInt128.max
    /// Those free ones that hold no memory, and whether there have been any since the piece was
    /// whole.
    var discarded: UInt128 = 0
    var isThinned = false
    /// The neighbours in its list.
    var previous = Piece.none
    var next = Piece.none

    static let none = -1
  }

  /// The first piece is in no list: it never goes back, so its pages are always taken before
  /// others.
  private var first: UnsafeMutableRawPointer?
  private var firstFree = UInt16.max

  private var pieces: [Piece] = []
  /// Numbers in `pieces` that stand for nothing now.
  private var vacant: [Int] = []
  /// The number of each piece, by its address in units of its size.
  private var numbers: [UInt: Int] = [:]
  /// The first piece with one free page, with two, and so on; and a bit for each list that has any.
  private var lists = Array(repeating: Piece.none, count: PageSource.piecePages)
  private var listed: UInt128 = 0

  deinit {
    if let first = unsafe first { unsafe PageMemory.unmap(first, bytes: Self.firstBytes) }
    for number in numbers.values { unsafe PageMemory.unmap(pieces[number].base, bytes: Self.bytes) }
  }

  var count: Int { unsafe numbers.count + (first == nil ? 0 : 1) }

  /// A page, and its piece if it was the last one there without memory.
  func take() -> (page: UnsafeMutableRawPointer?, whole: UnsafeMutableRawPointer?) {
    if firstFree != 0 {
      if unsafe first == nil { unsafe first = PageMemory.map(bytes: Self.firstBytes) }
      guard let first = unsafe first else { return (nil, nil) }
      let page = firstFree.trailingZeroBitCount
      firstFree &= firstFree &- 1
      return unsafe (first + page * PageSource.pageBytes, nil)
    }
    guard listed != 0 || add() else { return (nil, nil) }
    let number = lists[listed.trailingZeroBitCount]
    let warm = pieces[number].free & ~pieces[number].discarded
    let page = (warm != 0 ? warm : pieces[number].free).trailingZeroBitCount
    let bit: UInt128 = 1 << UInt128(page)
    unlink(number)
    pieces[number].free &= ~bit
    pieces[number].discarded &= ~bit
    link(number)
    // Full again: the system may make a huge page of it.
    let isWhole = pieces[number].isThinned && pieces[number].free == 0
    if isWhole { pieces[number].isThinned = false }
    let base = unsafe pieces[number].base
    return unsafe (base + page * PageSource.pageBytes, isWhole ? base : nil)
  }

  /// Returns the piece to unmap, if the page was the last in use of one and
  /// another is wholly free already: that one is kept, lest a page that comes and goes map and
  /// unmap each time.
  func give(back page: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    if let first = unsafe first, unsafe page >= first, unsafe page < first + Self.firstBytes {
      let bit: UInt16 = unsafe 1 << ((page - first) / PageSource.pageBytes)
      precondition(firstFree & bit == 0, "a page came back twice")
      firstFree |= bit
      return nil
    }
    guard let number = unsafe numbers[Self.key(page)] else {
      preconditionFailure("a page came back to where it is not from")
    }
    let base = unsafe pieces[number].base
    let bit: UInt128 = unsafe 1 << ((page - base) / PageSource.pageBytes)
    precondition(pieces[number].free & bit == 0, "a page came back twice")
    return unsafe free(bit, of: number)
  }

  /// Gives claimed pages back, which now hold no memory.
  func give(back surplus: Surplus) -> UnsafeMutableRawPointer? {
    pieces[surplus.number].discarded |= surplus.pages
    return unsafe free(surplus.pages, of: surplus.number)
  }

  /// What to discard of a page's piece. Where that is little it waits until there is more
  /// of it.
  func claimSurplus(around page: UnsafeMutableRawPointer) -> Surplus? {
    guard let number = unsafe numbers[Self.key(page)] else { return nil }
    let free = pieces[number].free
    let warm = free & ~pieces[number].discarded
    guard free != .max, free.nonzeroBitCount >= Self.freeOfThinMin,
      warm.nonzeroBitCount >= Self.discardedAtOnceMin
    else { return nil }
    let isFirst = !pieces[number].isThinned
    unlink(number)
    pieces[number].free &= ~warm
    pieces[number].isThinned = true
    link(number)
    return unsafe Surplus(
      base: pieces[number].base, number: number, pages: warm, isFirst: isFirst)
  }

  private static let freeOfThinMin = PageSource.piecePages / 2
  private static let discardedAtOnceMin = 16

  private func free(_ pages: UInt128, of number: Int) -> UnsafeMutableRawPointer? {
    let base = unsafe pieces[number].base
    unlink(number)
    pieces[number].free |= pages
    if pieces[number].free == .max && lists[PageSource.piecePages - 1] != Piece.none {
      unsafe numbers[Self.key(base)] = nil
      vacant.append(number)
      return unsafe base
    }
    link(number)
    return nil
  }

  private static func key(_ address: UnsafeMutableRawPointer) -> UInt {
    UInt(bitPattern: address) / UInt(bytes)
  }

  /// Maps one more piece; false where the system has no memory left.
  private func add() -> Bool {
    guard let base = unsafe PageMemory.mapHuge(bytes: Self.bytes) else { return false }
    let number = vacant.popLast() ?? pieces.count
    let piece = unsafe Piece(base: base)
    if number == pieces.count { pieces.append(piece) } else { pieces[number] = piece }
    unsafe numbers[Self.key(base)] = number
    link(number)
    return true
  }

  /// Puts a piece into the list it belongs to: into none if it is full.
  private func link(_ number: Int) {
    let free = pieces[number].free.nonzeroBitCount
    if free == 0 { return }
    let former = lists[free - 1]
    pieces[number].previous = Piece.none
    pieces[number].next = former
    if former != Piece.none { pieces[former].previous = number }
    lists[free - 1] = number
    listed |= 1 << UInt128(free - 1)
  }

  private func unlink(_ number: Int) {
    let piece = pieces[number]
    let free = piece.free.nonzeroBitCount
    if free == 0 { return }
    if piece.next != Piece.none { pieces[piece.next].previous = piece.previous }
    if piece.previous != Piece.none {
      pieces[piece.previous].next = piece.next
    } else {
      lists[free - 1] = piece.next
      if piece.next == Piece.none { listed &= ~(1 << UInt128(free - 1)) }
    }
  }
}
