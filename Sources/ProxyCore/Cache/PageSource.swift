/// Where a cache takes its memory from: pages of 16 KiB, cut from large pieces that all its shards share, so
/// that the system can map them with few table entries.
///
/// Memory goes back to the system by the piece only. Discarding a free page of a huge one does not free it:
/// the system splits the mapping, keeps the memory until the rest is free as well, and reports less than it
/// holds. So pages are taken from the fullest piece that has one, for the others to drain.
@usableFromInline
final class PageSource: Sendable {
  private let pieces = Pieces()
  private let lock = Lock()

  @usableFromInline static let pageBytes = 16_384
  /// The first piece is small, for the sake of small caches; the others are what a large page holds.
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

  /// A page, or nil where the system has no more memory to give. What it contains is anything. O(1).
  @usableFromInline
  func take() -> UnsafeMutableRawPointer? {
    lock.acquire()
    defer { lock.release() }
    return unsafe pieces.take()
  }

  /// Takes back what `take` gave. O(1).
  @usableFromInline
  func give(back page: UnsafeMutableRawPointer) {
    lock.acquire()
    let drained = unsafe pieces.give(back: page)
    lock.release()
    // The system takes its time over two megabytes, and the lock is everybody's.
    if let drained = unsafe drained { unsafe PageMemory.unmap(drained, bytes: Pieces.bytes) }
  }
}

/// The pieces of a page source, in lists by how many free pages they have.
@safe
private final class Pieces: @unchecked Sendable {  // guarded by the source's lock
  static let firstBytes = PageSource.firstPiecePages * PageSource.pageBytes
  static let bytes = PageSource.piecePages * PageSource.pageBytes

  @safe
  private struct Piece {
    let base: UnsafeMutableRawPointer
    /// A bit for each page, set while it is free.
    var free = UInt128.max
    /// The neighbours in its list.
    var previous = Piece.none
    var next = Piece.none

    static let none = -1
  }

  /// The first piece is in no list: it never goes back, so its pages are always taken before others.
  private var first: UnsafeMutableRawPointer?
  private var firstFree = UInt16.max

  private var pieces: [Piece] = []
  /// Numbers in `pieces` that stand for nothing now.
  private var vacant: [Int] = []
  /// The number of each piece, by its address in units of its size, of which that is a multiple.
  private var numbers: [UInt: Int] = [:]
  /// The first piece with one free page, with two, and so on; and a bit for each list that has any.
  private var lists = Array(repeating: Piece.none, count: PageSource.piecePages)
  private var listed: UInt128 = 0

  deinit {
    if let first = unsafe first { unsafe PageMemory.unmap(first, bytes: Self.firstBytes) }
    for number in numbers.values { unsafe PageMemory.unmap(pieces[number].base, bytes: Self.bytes) }
  }

  var count: Int { unsafe numbers.count + (first == nil ? 0 : 1) }

  func take() -> UnsafeMutableRawPointer? {
    if firstFree != 0 {
      if unsafe first == nil { unsafe first = PageMemory.map(bytes: Self.firstBytes) }
      guard let first = unsafe first else { return nil }
      let page = firstFree.trailingZeroBitCount
      firstFree &= firstFree &- 1
      return unsafe first + page * PageSource.pageBytes
    }
    guard listed != 0 || add() else { return nil }
    let number = lists[listed.trailingZeroBitCount]
    let page = pieces[number].free.trailingZeroBitCount
    unlink(number)
    pieces[number].free &= pieces[number].free &- 1
    link(number)
    return unsafe pieces[number].base + page * PageSource.pageBytes
  }

  /// Answers with the piece that is to be unmapped, if the page was the last in use of one and another is
  /// wholly free already: that one is kept, lest a page that comes and goes map and unmap each time.
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
    unlink(number)
    pieces[number].free |= bit
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
