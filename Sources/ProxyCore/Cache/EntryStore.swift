/// Where a shard keeps its entries: the byte cache in blocks of many sizes, the generic one in slots.
///
/// Entry 0 always exists and holds nothing but the links of the sentinel.
@usableFromInline
protocol EntryStore: ~Copyable {
  /// The links of an entry, valid until the store next allocates or frees.
  func links(_ entry: Entry) -> UnsafeMutablePointer<RecencyLinks>
  /// The hash that the entry was filed under.
  func hash(_ entry: Entry) -> UInt64
  /// What the store needs to know to tell what has expired.
  associatedtype Time
  /// Whether the entry's time has come.
  func isExpired(_ entry: Entry, at time: Time) -> Bool
}
