/// The beginning of a push or, to a RESP2 subscriber, of an array that may be one: what it is for.
enum PushHead: Equatable {
  case needsMore(atLeast: Int)
  /// So many keys follow behind `length` bytes.
  case invalidation(keys: Int, length: Int)
  /// All keys; the push ends before `length`.
  case invalidationOfAll(length: Int)
  /// `subscribe` and its like, sharded or not.
  case confirmation(isShard: Bool)
  case message
  case other
  case malformed(ReplyDefect)

  /// Reads from the frame's first byte on. O(1).
  static func read(_ bytes: RawSpan) -> PushHead {
    switch Count.read(bytes) {
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .malformed(let defect): return .malformed(defect)
    case .count(let count, let length):
      if count < 1 { return .other }
      return readName(bytes, at: length, values: count)
    }
  }

  private static func readName(_ bytes: RawSpan, at start: Int, values: Int) -> PushHead {
    let rest = bytes.extracting(start..<bytes.byteCount)
    switch FillReply.read(rest, valueMax: Limits.pushHeadBytesMax) {
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .malformed(let defect): return .malformed(defect)
    case .value(let range, let length):
      let name = rest.extracting(range)
      if name.equals("invalidate") {
        return readKeys(bytes, at: start &+ length, values: values)
      }
      return kind(of: name)
    case .oversized, .absent, .integer, .error, .other: return .other
    }
  }

  private static func kind(of name: RawSpan) -> PushHead {
    if name.equals("message") || name.equals("pmessage") || name.equals("smessage") {
      return .message
    }
    if name.equals("subscribe") || name.equals("psubscribe") || name.equals("unsubscribe")
      || name.equals("punsubscribe")
    {
      return .confirmation(isShard: false)
    }
    let isShard = name.equals("ssubscribe") || name.equals("sunsubscribe")
    return isShard ? .confirmation(isShard: true) : .other
  }

  private static func readKeys(_ bytes: RawSpan, at start: Int, values: Int) -> PushHead {
    guard values == 2 else { return .malformed(.lengthInvalid) }
    let rest = bytes.extracting(start..<bytes.byteCount)
    guard rest.byteCount > 0 else { return .needsMore(atLeast: 1) }
    // In bounds: there is a byte.
    if unsafe rest.byte(at: 0) == ReplyKind.array.rawValue {
      switch Count.read(rest) {
      case .needsMore(let count): return .needsMore(atLeast: count)
      case .malformed(let defect): return .malformed(defect)
      case .count(let keys, let length):
        let end = start &+ length
        return keys < 0
          ? .invalidationOfAll(length: end) : .invalidation(keys: keys, length: end)
      }
    }
    switch FillReply.read(rest, valueMax: 0) {
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .absent(let length): return .invalidationOfAll(length: start &+ length)
    case .malformed(let defect): return .malformed(defect)
    case .value, .oversized, .integer, .error, .other: return .malformed(.lengthInvalid)
    }
  }

  /// The line of an aggregate: `>2\r\n`.
  private enum Count {
    case needsMore(Int)
    case count(Int, length: Int)
    case malformed(ReplyDefect)

    static func read(_ bytes: RawSpan) -> Count {
      guard bytes.byteCount > 0 else { return .needsMore(1) }
      // In bounds: there is a byte.
      guard let kind = ReplyKind(rawValue: unsafe bytes.byte(at: 0)) else {
        return .malformed(.typeUnknown(unsafe bytes.byte(at: 0)))
      }
      var number = Decimal()
      var offset = 1
      while offset < bytes.byteCount {
        let byte = unsafe bytes.byte(at: offset)  // in bounds by the loop
        if byte == UInt8(ascii: "\r") { break }
        number.read(byte)
        if number.isRefused { return .malformed(.numberInvalid) }
        offset &+= 1
      }
      let end = offset &+ 2
      if end > bytes.byteCount { return .needsMore(end &- bytes.byteCount) }
      guard bytes.isLineEnd(at: offset) else { return .malformed(.lineEndMissing) }
      do throws(ReplyDefect) {
        return .count(try kind.checked(number), length: end)
      } catch {
        return .malformed(error)
      }
    }
  }
}
