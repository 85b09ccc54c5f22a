/// A decimal number that is read byte by byte, by Redis's rules: an optional `-`, then no leading zero
/// (`0` alone excepted, `-0` refused), nothing else, and it fits 64 bits.
package struct Decimal: Equatable {
  private var magnitude: UInt64 = 0
  private var bytesSeen = 0
  private var isSigned = false
  private var isNegative = false
  private let allowsPlus: Bool
  /// Whether no further byte can make it a number.
  private(set) var isRefused = false

  /// Nothing read. The integers of RESP, unlike its lengths, may carry a plus.
  package init(allowsPlus: Bool = false) { self.allowsPlus = allowsPlus }

  /// The number that `bytes` are, or nil where they are none.
  package init?(_ bytes: RawSpan, allowsPlus: Bool = false) {
    self.init(allowsPlus: allowsPlus)
    // In bounds by the loop.
    for offset in 0..<bytes.byteCount { read(unsafe bytes.byte(at: offset)) }
    if value == nil { return nil }
  }

  package mutating func read(_ byte: UInt8) {
    bytesSeen &+= 1
    if isRefused { return }
    let digit = byte &- UInt8(ascii: "0")
    if digit <= 9 {
      let isFirst = bytesSeen == (isSigned ? 2 : 1)
      let followsZero = !isFirst && magnitude == 0
      let (tenfold, overflows) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carries) = tenfold.addingReportingOverflow(UInt64(digit))
      magnitude = sum
      isRefused = overflows || carries || followsZero || (isNegative && sum == 0)
    } else if byte == UInt8(ascii: "-") && bytesSeen == 1 {
      isSigned = true
      isNegative = true
    } else if byte == UInt8(ascii: "+") && bytesSeen == 1 && allowsPlus {
      isSigned = true
    } else {
      isRefused = true
    }
  }

  /// What was read so far, or nil where that is no number of 64 bits.
  package var value: Int? {
    guard !isRefused && bytesSeen > (isSigned ? 1 : 0) else { return nil }
    if !isNegative { return Int(exactly: magnitude) }
    return magnitude <= Int.min.magnitude ? Int(truncatingIfNeeded: 0 &- magnitude) : nil
  }
}

extension ByteBuffer {
  /// Appends `value` in decimal.
  package mutating func appendDecimal(_ value: Int) {
    if value >= 0 && value <= 9 {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
    } else {
      append(DecimalDigits(value).bytes)
    }
  }

  /// Appends the bytes of `array`.
  package mutating func append(_ array: [UInt8]) {
    unsafe append(array.span.bytes)  // bytes have no padding
  }
}
