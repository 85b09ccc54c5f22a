/// Whether two stretches of `count` bytes are equal: eight at a time, the last eight overlapping, since keys
/// are short and a call to the C library would cost as much as the comparison.
func sameBytes(_ left: UnsafeRawPointer?, _ right: UnsafeRawPointer?, _ count: Int) -> Bool {
  guard let left = unsafe left, let right = unsafe right else { return count == 0 }
  var offset = 0
  while offset &+ 8 <= count {
    if unsafe !sameWord(left, right, at: offset) { return false }
    offset &+= 8
  }
  if offset == count { return true }
  if count >= 8 { return unsafe sameWord(left, right, at: count &- 8) }
  while offset < count {
    if unsafe left.load(fromByteOffset: offset, as: UInt8.self)
      != right.load(fromByteOffset: offset, as: UInt8.self)
    {
      return false
    }
    offset &+= 1
  }
  return true
}

private func sameWord(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, at offset: Int) -> Bool {
  unsafe left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
}
