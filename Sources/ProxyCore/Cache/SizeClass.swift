/// The sizes that blocks come in: every 8 bytes up to 512, then eight to a doubling up to 4096, so that a
/// block wastes at most seven bytes while it is small and an eighth while it is not.
struct SizeClass: Equatable {
  let number: Int
  /// The size of a block in units of 8 bytes, by which entries are numbered too.
  let units: UInt32

  var bytes: Int { Int(units) &* 8 }
  var blocksPerPage: UInt32 { PageTable.unitsPerPage / units }

  static let bytesMax = 4_096
  static let count = 65 + 3 * 8

  /// The smallest class that holds `bytes`, which is at most `bytesMax`.
  init(holding bytes: Int) {
    assert(bytes > 0 && bytes <= Self.bytesMax)
    let units = UInt32(truncatingIfNeeded: (bytes &+ 7) &>> 3)
    if units <= 64 {
      number = Int(units)
      self.units = units
    } else {
      // Between 2^k and 2^(k+1) units the steps are 2^(k-3).
      let doubling = 31 &- UInt32(truncatingIfNeeded: (units &- 1).leadingZeroBitCount)
      let stepBits = doubling &- 3
      let steps = (units &- 1) &>> stepBits &+ 1
      self.units = steps &<< stepBits
      number = 64 &+ Int(doubling &- 6) &* 8 &+ Int(steps &- 8)
    }
  }
}
