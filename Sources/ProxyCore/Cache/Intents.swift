/// The intents of a shard: writes that are under way, counted by some bits of their keys' hashes.
///
/// Keys that share these bits share their intents, as those that share a whole hash do: what is fetched of one while
/// another is written is not kept, and no more. So the memory is the same however many keys are written at a
/// time, and all operations are O(1).
@safe
struct Intents: ~Copyable {
  /// For all shards of a cache together. Of a thousand keys that are written at a time, one holds up each
  /// 65th of the others.
  static var placesOfCache: Int { 1 << 16 }

  private let counts: UnsafeMutablePointer<UInt32>
  private let places: Int
  /// How many there are, a key that is written twice counted twice.
  private(set) var count = 0

  /// `places` is a power of two.
  init(places: Int) {
    self.places = places
    unsafe counts = .allocate(capacity: places)
    unsafe counts.initialize(repeating: 0, count: places)
  }

  deinit { unsafe counts.deallocate() }

  /// In bounds: a place is less than `places`. These bits choose neither the shard nor the bucket's tag.
  private func place(_ hash: UInt64) -> UnsafeMutablePointer<UInt32> {
    unsafe counts + (Int(truncatingIfNeeded: hash &>> 8) & (places &- 1))
  }

  // No count overflows: who begins an intent keeps eight bytes to end it with.

  mutating func begin(_ hash: UInt64) {
    unsafe place(hash).pointee &+= 1
    count &+= 1
  }

  mutating func end(_ hash: UInt64) {
    unsafe assert(place(hash).pointee > 0, "an intent ended that had not begun")
    unsafe place(hash).pointee &-= 1
    count &-= 1
  }

  /// Whether the key of this hash may be under way to be written; true of every one that is.
  func mayContain(_ hash: UInt64) -> Bool { unsafe place(hash).pointee > 0 }
}
