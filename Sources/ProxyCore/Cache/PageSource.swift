/// Where a cache takes its memory from: pages of 16 KiB, cut from large pieces that all its shards share, so
/// that the system can map them with few table entries. A page that comes back is used again; all but a few
/// free ones are handed to the system meanwhile.
@usableFromInline
final class PageSource: Sendable {
  private let guarded = Mutable()
  private let lock = Lock()

  @usableFromInline static let pageBytes = 16_384
  /// The first piece is small, for the sake of small caches; the others are what a large page holds.
  private static let firstPieceBytes = 16 * pageBytes
  private static let pieceBytes = 128 * pageBytes
  /// Free pages whose memory is kept for the next who needs one.
  private static let warmMax = 32

  @safe
  private final class Mutable: @unchecked Sendable {  // guarded by `lock`
    var pieces = unsafe [UnsafeMutableRawBufferPointer]()
    /// Bytes of the last piece that were handed out at least once.
    var used = 0
    var warm = unsafe [UnsafeMutableRawPointer]()
    var cold = unsafe [UnsafeMutableRawPointer]()
  }

  @usableFromInline
  init() {}

  deinit {
    for number in unsafe guarded.pieces.indices {
      let piece = unsafe guarded.pieces[number]
      if let base = piece.baseAddress { unsafe PageMemory.unmap(base, bytes: piece.count) }
    }
  }

  var lockAcquisitions: UInt64 { lock.acquisitions }

  /// A page, or nil where the system has no more memory to give. What it contains is anything.
  @usableFromInline
  func take() -> UnsafeMutableRawPointer? {
    lock.acquire()
    defer { lock.release() }
    if let page = unsafe guarded.warm.popLast() ?? guarded.cold.popLast() { return unsafe page }
    if unsafe guarded.pieces.isEmpty {
      guard let first = unsafe PageMemory.map(bytes: Self.firstPieceBytes) else { return nil }
      unsafe guarded.pieces.append(.init(start: first, count: Self.firstPieceBytes))
    } else if unsafe guarded.used == guarded.pieces[guarded.pieces.count - 1].count {
      guard let next = unsafe PageMemory.mapHuge(bytes: Self.pieceBytes) else { return nil }
      unsafe guarded.pieces.append(.init(start: next, count: Self.pieceBytes))
      guarded.used = 0
    }
    let base = unsafe guarded.pieces[guarded.pieces.count - 1].baseAddress
    defer { guarded.used += Self.pageBytes }
    return unsafe base.map { unsafe $0 + guarded.used }
  }

  @usableFromInline
  func give(back page: UnsafeMutableRawPointer) {
    lock.acquire()
    defer { lock.release() }
    if unsafe guarded.warm.count < Self.warmMax {
      unsafe guarded.warm.append(page)
    } else {
      unsafe PageMemory.discard(page, bytes: Self.pageBytes)
      unsafe guarded.cold.append(page)
    }
  }
}
