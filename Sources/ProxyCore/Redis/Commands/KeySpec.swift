/// Where some of a command's keys stand among its arguments, as Redis's key specifications say it.
struct KeySpec: Equatable, Sendable {
  enum Begin: Equatable, Sendable {
    case index(UInt16)
    /// Behind the first argument that is this keyword, searched from `startFrom` on, or from so
    /// many before the end backwards where that is negative.
    case keyword(number: UInt16, startFrom: Int16)
  }

  enum Find: Equatable, Sendable {
    /// Up to `last`, counted from the first key, or from the end where it is negative; with a
    /// `limit` of 2, only the first half of what follows.
    case range(last: Int16, step: UInt16, limit: UInt16)
    /// As many as the argument at `number` says, from `first` on; both counted from where it
    /// begins.
    case count(number: UInt16, first: UInt16, step: UInt16)
  }

  let begin: Begin
  let find: Find
  var isWritten: Bool

  /// The place of the key where there is just one and at a fixed place.
  var singleIndex: UInt8? {
    guard case .index(let index) = begin, case .range(last: 0, _, _) = find else { return nil }
    return UInt8(exactly: index)
  }
}

extension KeySpec {
  /// What the built-in table writes: `r1` is a key at 1 that is read, `w1:-1` all from 1 to the
  /// last, written, `w1:-1/2` every second of them, `r1:+1` those at 1 and the next, `r1#` a number
  /// at 1 and then so many keys, `w1#/2` so many pairs of a key and something else.
  init?(notation: Substring) {
    var rest = notation
    guard let access = rest.popFirst(), access == "r" || access == "w" else { return nil }
    isWritten = access == "w"
    var step: UInt16 = 1
    if let slash = rest.firstIndex(of: "/") {
      guard let number = UInt16(rest[rest.index(after: slash)...]), number > 0 else { return nil }
      step = number
      rest = rest[..<slash]
    }
    if rest.last == "#" {
      guard let index = UInt16(rest.dropLast()) else { return nil }
      begin = .index(index)
      find = .count(number: 0, first: 1, step: step)
      return
    }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard let index = parts.first.flatMap({ UInt16($0) }), parts.count <= 2 else { return nil }
    guard let last = parts.count == 2 ? Int16(parts[1]) : 0 else { return nil }
    begin = .index(index)
    find = .range(last: last, step: step, limit: 0)
  }
}
