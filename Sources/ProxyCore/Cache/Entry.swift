/// The number by which one shard knows one of its entries: where it lies in the shard's store.
@usableFromInline
@frozen
struct Entry: Equatable, Sendable {
  @usableFromInline var number: UInt32

  @inlinable
  init(_ number: UInt32) { self.number = number }

  /// No entry; also the sentinel that closes the recency list into a ring.
  @inlinable
  static var none: Entry { Entry(0) }
}
