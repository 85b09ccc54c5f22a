/// The two replies of a fill, reported as one.
extension Link {
  mutating func readFill(
    _ bytes: RawSpan, at position: inout Int, now: Moment
  ) -> LinkEvent? {
    if let value = reading.firstHalf {
      return readLifetime(bytes, at: &position, value, now: now)
    }
    let rest = bytes.extracting(position..<bytes.byteCount)
    let start = position
    switch FillReply.read(rest, valueMax: profile.valueBytesMax) {
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .value(let range, let length):
      position &+= length
      return endFirstHalf(.value(.shown(Self.moved(range, by: start))), bytes, at: &position)
    case .error(let range, let length):
      position &+= length
      return endFirstHalf(.error(.shown(Self.moved(range, by: start))), bytes, at: &position)
    case .absent(let length):
      position &+= length
      return endFirstHalf(.absent, bytes, at: &position)
    case .integer(_, let length):
      position &+= length
      return endFirstHalf(.unexpected, bytes, at: &position)
    case .oversized(let count): reading.frame = .skippedValue(.oversized(count))
    case .other: reading.frame = .skippedValue(.unexpected)
    case .malformed(let defect): return fail(.protocolDefect(defect.description), now: now)
    }
    return nil
  }

  /// The second reply mostly lies right behind the first. Where it does not, the value is copied, so that
  /// what stands between the two is applied before the fill is reported.
  private mutating func endFirstHalf(
    _ value: FilledValue, _ bytes: RawSpan, at position: inout Int
  ) -> LinkEvent? {
    let rest = bytes.extracting(position..<bytes.byteCount)
    if case .integer(let number, let length) = FillReply.read(rest, valueMax: 0) {
      position &+= length
      return endFill(value, KeyLifetime(number))
    }
    switch value {
    case .value(.shown(let range)):
      reading.hold(bytes.extracting(range))
      reading.firstHalf = .value(.held)
    case .error(.shown(let range)):
      reading.hold(bytes.extracting(range))
      reading.firstHalf = .error(.held)
    case .value, .error, .absent, .oversized, .unexpected: reading.firstHalf = value
    }
    return nil
  }

  private mutating func readLifetime(
    _ bytes: RawSpan, at position: inout Int, _ value: FilledValue, now: Moment
  ) -> LinkEvent? {
    let rest = bytes.extracting(position..<bytes.byteCount)
    switch FillReply.read(rest, valueMax: 0) {
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .integer(let number, let length):
      position &+= length
      return endFill(value, KeyLifetime(number))
    case .error(_, let length), .absent(let length), .value(_, let length):
      position &+= length
      return endFill(value, .unknown)
    case .oversized, .other:
      reading.frame = .skippedLifetime
      return nil
    case .malformed(let defect): return fail(.protocolDefect(defect.description), now: now)
    }
  }

  mutating func endFill(_ lifetime: KeyLifetime) -> LinkEvent? {
    endFill(reading.firstHalf ?? .unexpected, lifetime)
  }

  private mutating func endFill(_ value: FilledValue, _ lifetime: KeyLifetime) -> LinkEvent? {
    reading.firstHalf = nil
    let token = requests.first?.token ?? .own
    endRequest()
    return .filled(token, value, lifetime)
  }

  /// The bytes of a value or an error that `read` reported last, from the bytes that it was shown.
  @_lifetime(copy bytes, borrow self)
  package func content(_ content: FilledValue.Location, in bytes: RawSpan) -> RawSpan {
    switch content {
    case .shown(let range): bytes.extracting(range)
    case .held: reading.held.bytes
    }
  }

  /// Takes the held bytes out, in exchange for a buffer to hold the next ones in: the reader
  /// can then use the link while looking at them.
  mutating func exchangeHeld(_ buffer: inout ByteBuffer) { swap(&reading.held, &buffer) }

  private static func moved(_ range: Range<Int>, by offset: Int) -> Range<Int> {
    range.lowerBound &+ offset..<range.upperBound &+ offset
  }
}

extension KeyLifetime {
  /// What the integer of a `PTTL` means.
  init(_ milliseconds: Int) {
    switch milliseconds {
    case 0...: self = .milliseconds(milliseconds)
    case -1: self = .unlimited
    case -2: self = .gone
    default: self = .unknown
    }
  }
}
