/// A line `*3\r\n` or `$16\r\n` of a request, read once, in whatever pieces it comes.
///
/// As Redis does: the line ends at the first CR and the byte after it is taken for LF without a look; the
/// type is judged only once the line is whole; a NUL hides everything behind it, so that the line never
/// ends and is refused once it is too long.
struct LengthLine {
  enum Progress: Equatable {
    case partial
    /// The line ends before this offset.
    case ends(Int)
    case tooLong
  }

  private(set) var type: UInt8 = 0
  private(set) var number = Decimal()
  private var count = 0
  private var isReturned = false
  private var isHidden = false

  var isBegun: Bool { count > 0 || isReturned }

  /// Reads on at `start`, where the last piece ended.
  mutating func read(_ bytes: RawSpan, from start: Int) -> Progress {
    var offset = start
    while offset < bytes.byteCount {
      let byte = unsafe bytes.byte(at: offset)  // in bounds by the loop
      offset &+= 1
      if isReturned { return .ends(offset) }
      if byte == UInt8(ascii: "\r") && !isHidden {
        if count == 0 { type = byte }
        isReturned = true
        continue
      }
      if byte == 0 { isHidden = true }
      if count == 0 { type = byte } else { number.read(byte) }
      count &+= 1
      if count > Limits.lineBytesMax { return .tooLong }
    }
    return .partial
  }

  /// The length that a whole line declares for an argument.
  func length(isAuthenticated: Bool) throws(ProtocolError) -> Int {
    guard type == UInt8(ascii: "$") else { throw .dollarExpected(got: type) }
    guard let length = number.value, length >= 0, length <= Limits.argumentBytesMax else {
      throw .lengthInvalid
    }
    if !isAuthenticated && length > Limits.argumentBytesUnauthenticatedMax {
      throw .lengthUnauthenticated
    }
    return length
  }

  /// The number of arguments that a whole line declares; none where it is not positive.
  func argumentCount(isAuthenticated: Bool) throws(ProtocolError) -> Int {
    guard let count = number.value, count <= Limits.argumentsDeclaredMax else {
      throw .countInvalid
    }
    if !isAuthenticated && count > Limits.argumentsUnauthenticatedMax {
      throw .countUnauthenticated
    }
    return max(0, count)
  }
}
