/// The length of an argument, of one to three digits, and its line end: `d\r\n` to `ddd\r\n`.
struct ShortLength {
  let value: Int
  let lineBytes: Int

  /// From the four bytes behind the `$`, the first one lowest. The byte behind the CR is not checked.
  init?(_ word: UInt32) {
    let first = Self.digit(word)
    guard first <= 9 else { return nil }
    if Self.isReturn(word &>> 8) {
      (value, lineBytes) = (Int(first), 3)
      return
    }
    let second = Self.digit(word &>> 8)
    guard second <= 9 && first != 0 else { return nil }
    if Self.isReturn(word &>> 16) {
      (value, lineBytes) = (Int(first &* 10 &+ second), 4)
      return
    }
    let third = Self.digit(word &>> 16)
    guard third <= 9 && Self.isReturn(word &>> 24) else { return nil }
    (value, lineBytes) = (Int(first &* 100 &+ second &* 10 &+ third), 5)
  }

  private static func digit(_ word: UInt32) -> UInt32 {
    (word & 0xFF) &- UInt32(UInt8(ascii: "0"))
  }

  private static func isReturn(_ word: UInt32) -> Bool { word & 0xFF == UInt32(UInt8(ascii: "\r")) }
}
