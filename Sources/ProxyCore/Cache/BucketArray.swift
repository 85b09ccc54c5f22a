/// Buckets by number, in pages: growing moves none of them.
@usableFromInline
struct BucketArray: ~Copyable {
  @usableFromInline var pages: PageTable

  @inlinable static var bucketsPerPageBits: UInt32 { 8 }
  @inlinable static var bucketsPerPage: UInt32 { 1 &<< bucketsPerPageBits }

  @usableFromInline
  init(source: PageSource) { pages = PageTable(source: source) }

  @inlinable
  func bucket(_ number: UInt32) -> UnsafeMutableRawPointer {
    unsafe pages.address(ofPage: number &>> Self.bucketsPerPageBits)
      + Int(number & (Self.bucketsPerPage &- 1)) &* Bucket.bytes
  }

  /// Sees to it that there is a bucket of this number; says whether there was memory for it.
  @usableFromInline
  mutating func add(_ number: UInt32) -> Bool {
    number &>> Self.bucketsPerPageBits < pages.count || pages.take() != nil
  }

  /// Gives back the page that only buckets from `count` on had a use for.
  @usableFromInline
  mutating func trim(to count: UInt32) {
    let needed = (count &+ Self.bucketsPerPage &- 1) &>> Self.bucketsPerPageBits
    if pages.count > needed { pages.removeLast() }
  }
}
