internal import ProxyCore

/// Finds the heads of the requests in what a client sent, by RFC 9112, and refuses what that calls
/// ambiguous.
///
/// ```
///            ┌── empty line, once: .nothing ──┐
///            ▼                                │
///          start ──(a method's first byte)──▶ requestLine ──▶ fields ──(empty line)──▶ .request
///            │                                                  ▲ │
///            └──(anything else)──▶ refused ◀── any state        └─┘
/// ```
///
/// Call `parse` with all that is buffered, from the first byte that was not consumed; after
/// `.needsMore` call it again with the same bytes and more. The body that `head.body` announces
/// follows the head: an
/// `HTTPBodyReader` has to have it before the parser sees what comes next.
///
/// A line is judged when all of it has come, so that every verdict is the same however the bytes
/// were cut.
package struct HTTPRequestParser: ~Copyable {
  package enum HeadVerdict: Equatable, Sendable {
    /// The head is not complete until so many bytes follow, at least.
    case needsMore(atLeast: Int)
    /// The first `headLength` bytes are a request's head, and `head` says what is in it.
    case request(headLength: Int)
    /// The first `length` bytes are an empty line, which some clients send after a body.
    case nothing(length: Int)
    /// Say so, and close. The parser says the same forever.
    case refused(HTTPError)
  }

  private enum HeadStage: Equatable {
    case start, requestLine, fields
    case refused(HTTPError)
  }

  /// What the last `.request` is.
  package private(set) var head = HTTPRequestHead()

  private var stage = HeadStage.start
  /// Where the line at hand begins.
  private var position = 0
  /// Up to where its end was searched.
  private var searched = 0
  private var fieldsStart = 0
  private var fieldCount = 0
  private var sawEmptyLine = false

  package init() {}

  /// Whether the next byte is a request's first, and nothing came between it and the request before.
  package var isFresh: Bool { stage == .start && !sawEmptyLine }

  /// What the bytes are. O(bytes not seen before), without allocation.
  package mutating func parse(_ bytes: RawSpan) -> HeadVerdict {
    precondition(position <= bytes.byteCount, "bytes of an unfinished request were consumed")
    do throws(HTTPError) {
      if stage == .start {
        guard bytes.byteCount > 0 else { return .needsMore(atLeast: 1) }
        try begin(unsafe bytes.byte(at: 0))  // in bounds: there is a byte
      }
      if stage == .requestLine {
        let longest = position &+ Limits.httpLineBytesMax
        guard let line = try nextLine(bytes, endingBy: longest, else: .targetTooLong) else {
          return .needsMore(atLeast: 1)
        }
        if line.isEmpty { return try skipEmptyLine() }
        try takeRequestLine(bytes, line)
        stage = .fields
        fieldsStart = position
      }
      while stage == .fields {
        let longest = fieldsStart &+ Limits.httpFieldBytesMax
        guard let line = try nextLine(bytes, endingBy: longest, else: .fieldsTooLarge) else {
          return .needsMore(atLeast: 1)
        }
        if line.isEmpty { return try finish() }
        try takeField(bytes, line)
      }
    } catch {
      stage = .refused(error)
      position = 0
    }
    guard case .refused(let error) = stage else { return .needsMore(atLeast: 1) }
    return .refused(error)
  }

  // MARK: Lines

  /// A request begins with a token or an empty line: what speaks another protocol is told so at
  /// once.
  private mutating func begin(_ byte: UInt8) throws(HTTPError) {
    guard FieldSyntax.isToken(byte) || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
    else { throw .methodInvalid }
    head.removeAll()
    fieldCount = 0
    searched = 0
    stage = .requestLine
  }

  /// The next line without its end, which must be CR and LF and begin at `longest` at the latest;
  /// nil where it has not come. A CR within it is found when its bytes are judged.
  private mutating func nextLine(
    _ bytes: RawSpan, endingBy longest: Int, else excess: HTTPError
  ) throws(HTTPError) -> Range<Int>? {
    guard let feed = bytes.firstOffset(of: UInt8(ascii: "\n"), in: searched..<longest &+ 2) else {
      if bytes.byteCount >= longest &+ 2 { throw excess }
      searched = bytes.byteCount
      return nil
    }
    // In bounds: `feed` lies within and something comes before it.
    guard feed > position, unsafe bytes.byte(at: feed &- 1) == UInt8(ascii: "\r") else {
      throw .lineFeedBare
    }
    let line = position..<feed &- 1
    position = feed &+ 1
    searched = position
    return line
  }

  private mutating func skipEmptyLine() throws(HTTPError) -> HeadVerdict {
    if sawEmptyLine { throw .emptyLineRepeated }
    sawEmptyLine = true
    stage = .start
    position = 0
    return .nothing(length: 2)
  }

  // MARK: The request line

  private mutating func takeRequestLine(_ bytes: RawSpan, _ line: Range<Int>) throws(HTTPError) {
    var offset = line.lowerBound
    // In bounds: the line is.
    while offset < line.upperBound, FieldSyntax.isToken(unsafe bytes.byte(at: offset)) {
      offset &+= 1
    }
    guard offset < line.upperBound else { throw .requestLineInvalid }
    guard offset > line.lowerBound, unsafe bytes.byte(at: offset) == UInt8(ascii: " ") else {
      throw .methodInvalid
    }
    head.method = HTTPMethod(bytes.extracting(line.lowerBound..<offset))
    let end = line.upperBound &- Self.versionBytes
    guard offset < end else { throw .requestLineInvalid }
    let target = offset &+ 1..<end
    head.version = try version(bytes, at: end)
    guard FieldSyntax.isTarget(bytes, target) else {
      let isSpaced = bytes.firstOffset(of: UInt8(ascii: " "), in: target) != nil
      throw target.isEmpty || isSpaced ? .requestLineInvalid : .targetInvalid
    }
    head.target = target
  }

  /// A space and `HTTP/1.1`.
  private static let versionBytes = 9

  /// What the last nine bytes of a request line say.
  private func version(_ bytes: RawSpan, at offset: Int) throws(HTTPError)
    -> HTTPRequestHead.Version
  {
    // In bounds: the caller has left room for nine bytes.
    let word = unsafe bytes.eightBytes(at: offset)
    let last = unsafe bytes.byte(at: offset &+ 8)
    let minor = last &- UInt8(ascii: "0")
    let major = UInt8(truncatingIfNeeded: word &>> 48) &- UInt8(ascii: "0")
    // " HTTP/", then a digit, then a point: the first byte in the lowest bits.
    guard word & 0xFF00_FFFF_FFFF_FFFF == 0x2E00_2F50_5454_4820, minor <= 9, major <= 9 else {
      throw .versionInvalid
    }
    if major != 1 { throw .versionNotSupported }
    return minor == 0 ? .oneZero : .oneOne
  }

  // MARK: Header lines

  private mutating func takeField(_ bytes: RawSpan, _ line: Range<Int>) throws(HTTPError) {
    fieldCount &+= 1
    if fieldCount > Limits.httpFieldsMax { throw .fieldsTooMany }
    var colon = line.lowerBound
    // In bounds: the line is.
    while colon < line.upperBound, FieldSyntax.isToken(unsafe bytes.byte(at: colon)) {
      colon &+= 1
    }
    guard colon < line.upperBound else { throw .fieldNameInvalid }
    let byte = unsafe bytes.byte(at: colon)
    if FieldSyntax.isSpace(byte) {
      throw colon == line.lowerBound ? .fieldFolded : .fieldNameSpaced
    }
    guard byte == UInt8(ascii: ":"), colon > line.lowerBound else { throw .fieldNameInvalid }
    guard FieldSyntax.isValue(bytes, colon &+ 1..<line.upperBound) else {
      throw .fieldValueInvalid
    }
    guard let field = HTTPField(bytes.extracting(line.lowerBound..<colon)) else { return }
    let value = FieldSyntax.trimmed(bytes, colon &+ 1..<line.upperBound)
    guard head.note(field, value) else { throw .fieldRepeated(field) }
    try take(field, bytes, value)
  }

  /// Reads at once what decides where the request ends and what becomes of the connection.
  private mutating func take(
    _ field: HTTPField, _ bytes: RawSpan, _ value: Range<Int>
  ) throws(HTTPError) {
    switch field {
    case .host:
      for offset in value where unsafe !FieldSyntax.isHost(bytes.byte(at: offset)) {
        throw .hostInvalid
      }
      head.host = value
    case .connection: takeConnection(bytes, value)
    case .contentLength:
      let length = try length(bytes, value)
      if head.body == .chunked { throw .lengthAndEncoding }
      if length > 0 { head.body = .length(length) }
    case .transferEncoding:
      if head.contains(.contentLength) { throw .lengthAndEncoding }
      if head.version == .oneZero { throw .encodingTooNew }
      try checkEncoding(bytes, value)
      head.body = .chunked
    default: break
    }
  }

  private mutating func takeConnection(_ bytes: RawSpan, _ value: Range<Int>) {
    var elements = ListElements(value)
    while let element = elements.next(in: bytes) {
      let option = bytes.extracting(element)
      if option.equalsIgnoringCase("close") {
        head.options.insert(.close)
      } else if option.equalsIgnoringCase("keep-alive") {
        head.options.insert(.keepAlive)
      }
    }
  }

  /// Digits and nothing else: no sign, no list, no space.
  private func length(_ bytes: RawSpan, _ value: Range<Int>) throws(HTTPError) -> Int {
    if value.isEmpty { throw .lengthInvalid }
    var length = 0
    for offset in value {
      let digit = unsafe bytes.byte(at: offset) &- UInt8(ascii: "0")  // in bounds: the value is
      if digit > 9 { throw .lengthInvalid }
      // Larger than any body that is taken, and far from overflow.
      length = min(length, Self.lengthMax) &* 10 &+ Int(digit)
    }
    return length
  }

  private static let lengthMax = 1 << 56

  private func checkEncoding(_ bytes: RawSpan, _ value: Range<Int>) throws(HTTPError) {
    var elements = ListElements(value)
    var count = 0
    var endsChunked = false
    while let element = elements.next(in: bytes) {
      count &+= 1
      endsChunked = bytes.extracting(element).equalsIgnoringCase("chunked")
    }
    if !endsChunked { throw .encodingInvalid }
    if count > 1 { throw .encodingUnknown }
    // Nor do all parsers read a list of one as one.
    if value.count != 7 { throw .encodingInvalid }
  }

  // MARK: The end

  private mutating func finish() throws(HTTPError) -> HeadVerdict {
    if head.version == .oneOne && !head.contains(.host) { throw .hostMissing }
    head.length = position
    stage = .start
    position = 0
    sawEmptyLine = false
    return .request(headLength: head.length)
  }
}
