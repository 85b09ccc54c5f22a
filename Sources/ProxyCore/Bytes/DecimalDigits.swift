/// The decimal digits of a number, printed without a `String` and without the heap.
struct DecimalDigits {
  private var digits = InlineArray<20, UInt8>(repeating: 0)
  private var start = 20

  init(_ value: Int) {
    var rest = value.magnitude
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      start &-= 1
      digits[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest != 0
    if value < 0 {
      start &-= 1  // 19 digits at most, so that the sign has room
      digits[start] = UInt8(ascii: "-")
    }
  }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    get { unsafe digits.span.bytes.extracting(start..<20) }  // bytes have no padding
  }
}
