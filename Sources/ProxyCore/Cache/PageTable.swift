/// The pages of one shard, by number: growing moves nothing but this table of their addresses.
@safe
@usableFromInline
struct PageTable: ~Copyable {
  private let source: PageSource
  @usableFromInline var addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private var capacity = 4
  /// Numbers that were ever given out, and those of them that are free again.
  @usableFromInline var count: UInt32 = 0
  private var free: [UInt32] = []

  @inlinable static var unitsPerPageBits: UInt32 { 11 }
  /// Units of 8 bytes, by which blocks are numbered.
  @inlinable static var unitsPerPage: UInt32 { 1 &<< unitsPerPageBits }
  /// So many that a unit's number still fits 32 bits.
  private static let countMax: UInt32 = 1 << 21

  @usableFromInline
  init(source: PageSource) {
    self.source = source
    unsafe addresses = .allocate(capacity: capacity)
    unsafe addresses.initialize(repeating: nil, count: capacity)
  }

  @inlinable
  deinit { giveAllBack() }

  @inlinable
  func address(ofPage page: UInt32) -> UnsafeMutableRawPointer {
    unsafe addresses[Int(page)].unsafelyUnwrapped
  }

  @inlinable
  func address(ofUnit unit: UInt32) -> UnsafeMutableRawPointer {
    unsafe address(ofPage: unit &>> Self.unitsPerPageBits)
      + Int(unit & (Self.unitsPerPage &- 1)) &* 8
  }

  /// Has the processor fetch the addresses: all of a table of some dozen pages, the first of a larger one.
  @inline(__always)
  func prefetch() {
    unsafe Prefetch.toRead(addresses)
    unsafe Prefetch.toRead(addresses + 8)
    unsafe Prefetch.toRead(addresses + 16)
  }

  /// The number of a page to use, or nil where there is no memory left or no number.
  @usableFromInline
  mutating func take() -> UInt32? {
    guard free.count > 0 || count < Self.countMax, let page = unsafe source.take() else {
      return nil
    }
    let number = free.popLast() ?? count
    if number == count {
      if Int(count) == capacity { grow() }
      count &+= 1
    }
    unsafe addresses[Int(number)] = unsafe page
    return number
  }

  @usableFromInline
  mutating func give(back number: UInt32) {
    if let page = unsafe addresses[Int(number)] { unsafe source.give(back: page) }
    unsafe addresses[Int(number)] = nil
    free.append(number)
  }

  /// Gives the page of the highest number back and forgets the number, where no number is free.
  mutating func removeLast() {
    assert(free.isEmpty && count > 0)
    count &-= 1
    if let page = unsafe addresses[Int(count)] { unsafe source.give(back: page) }
    unsafe addresses[Int(count)] = nil
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: capacity * 2)
    unsafe larger.initialize(repeating: nil, count: capacity * 2)
    unsafe larger.update(from: addresses, count: capacity)
    unsafe addresses.deallocate()
    unsafe addresses = larger
    capacity *= 2
  }

  @usableFromInline
  func giveAllBack() {
    for number in 0..<Int(count) {
      if let page = unsafe addresses[number] { unsafe source.give(back: page, thinning: false) }
    }
    unsafe addresses.deallocate()
  }
}
