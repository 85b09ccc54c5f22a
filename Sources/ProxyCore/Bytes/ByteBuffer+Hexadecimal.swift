extension ByteBuffer {
  /// Appends `value` in sixteen lower-case hexadecimal digits.
  package mutating func appendHexadecimal(_ value: UInt64) {
    append(8, bytesOf: Self.digits(of: UInt32(truncatingIfNeeded: value &>> 32)))
    append(8, bytesOf: Self.digits(of: UInt32(truncatingIfNeeded: value)))
  }

  /// Eight digits at once, the first in the lowest byte.
  private static func digits(of value: UInt32) -> UInt64 {
    var spread = UInt64(value.byteSwapped)
    spread = (spread | spread &<< 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread &<< 8) & 0x00FF_00FF_00FF_00FF
    // The high half of each byte comes first.
    spread = (spread &>> 4 | spread &<< 8) & 0x0F0F_0F0F_0F0F_0F0F
    // What is more than nine carries into the fifth bit; a letter is 39 beyond the character after
    // 9.
    let letters = (spread &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
    return spread &+ 0x3030_3030_3030_3030 &+ letters &* 39
  }
}
