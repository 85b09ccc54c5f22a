/// An entry's neighbours in order of use.
@usableFromInline
@frozen
struct RecencyLinks {
  @usableFromInline var newer: Entry
  @usableFromInline var older: Entry

  @inlinable
  init(newer: Entry, older: Entry) {
    self.newer = newer
    self.older = older
  }
}
