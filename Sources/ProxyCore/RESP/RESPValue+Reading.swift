extension RESPValue {
  /// The reply that `bytes` are, from first to last: find out where it ends with a `ReplyScanner`. O(n).
  ///
  /// Attributes are dropped: no command sends one unasked.
  package init(reading bytes: RawSpan) throws(ReplyDefect) {
    var position = 0
    self = try Self.read(bytes, at: &position, depth: 0)
    if position != bytes.byteCount { throw .excessBytes }
  }

  /// Recursion is as deep as aggregates are nested, and so at most `Limits.replyTreeDepthMax`.
  private static func read(
    _ bytes: RawSpan, at position: inout Int, depth: Int
  ) throws(ReplyDefect) -> RESPValue {
    while true {
      let kind = try readKind(bytes, at: &position)
      let line = try readLine(bytes, at: &position)
      switch kind.shape {
      case .aggregate:
        let count = try declared(line, of: kind)
        if count < 0 { return .null }
        if count > 0 && depth >= Limits.replyTreeDepthMax { throw .nestedTooDeeply }
        if kind == .push && depth > 0 { throw .pushNested }
        let values = try readValues(
          count &* kind.valuesPerElement, bytes, at: &position, depth: depth + 1)
        if kind == .attribute { continue }
        return aggregate(of: values, kind)
      case .payload:
        let length = try declared(line, of: kind)
        if length < 0 { return .null }
        return try string(readPayload(length, bytes, at: &position), kind)
      case .text, .number, .boolean, .empty:
        return try scalar(line, kind)
      }
    }
  }

  private static func readKind(
    _ bytes: RawSpan, at position: inout Int
  ) throws(ReplyDefect) -> ReplyKind {
    guard position < bytes.byteCount else { throw .truncated }
    let byte = unsafe bytes.byte(at: position)  // in bounds: guarded above
    guard let kind = ReplyKind(rawValue: byte) else { throw .typeUnknown(byte) }
    position &+= 1
    return kind
  }

  @_lifetime(copy bytes)
  private static func readLine(
    _ bytes: RawSpan, at position: inout Int
  ) throws(ReplyDefect) -> RawSpan {
    let start = position
    var from = start
    // A CR alone is text, and in a line of another type makes that invalid.
    while let end = bytes.firstOffset(of: UInt8(ascii: "\r"), in: from..<bytes.byteCount) {
      if bytes.isLineEnd(at: end) {
        position = end &+ 2
        return bytes.extracting(start..<end)
      }
      from = end &+ 1
    }
    throw .truncated
  }

  private static func declared(_ line: RawSpan, of kind: ReplyKind) throws(ReplyDefect) -> Int {
    if line.equals("?") { throw .streamed }
    guard let number = Decimal(line) else { throw .numberInvalid }
    return try kind.checked(number)
  }

  private static func readPayload(
    _ length: Int, _ bytes: RawSpan, at position: inout Int
  ) throws(ReplyDefect) -> [UInt8] {
    guard length &+ 2 <= bytes.byteCount &- position else { throw .truncated }
    let end = position &+ length
    guard bytes.isLineEnd(at: end) else { throw .payloadEndMissing }
    defer { position = end &+ 2 }
    return bytes.extracting(position..<end).array
  }

  private static func readValues(
    _ count: Int, _ bytes: RawSpan, at position: inout Int, depth: Int
  ) throws(ReplyDefect) -> [RESPValue] {
    var values: [RESPValue] = []
    // No value is shorter than three bytes, so that a false count reserves no more than has arrived.
    values.reserveCapacity(min(count, (bytes.byteCount &- position) / 3))
    for _ in 0..<count { values.append(try read(bytes, at: &position, depth: depth)) }
    return values
  }

  private static func aggregate(of values: [RESPValue], _ kind: ReplyKind) -> RESPValue {
    switch kind {
    case .map:
      .map(
        stride(from: 0, to: values.count &- 1, by: 2).map {
          Pair(key: values[$0], value: values[$0 + 1])
        })
    case .set: .set(values)
    case .push: .push(values)
    default: .array(values)
    }
  }

  private static func string(
    _ bytes: [UInt8], _ kind: ReplyKind
  ) throws(ReplyDefect) -> RESPValue {
    switch kind {
    case .bulkError: return .error(RESPError(bytes: bytes))
    case .verbatimString:
      guard bytes.count >= 4 && bytes[3] == UInt8(ascii: ":") else { throw .verbatimInvalid }
      let format = String(decoding: bytes[..<3], as: UTF8.self)
      return .verbatimString(Array(bytes[4...]), format: format)
    default: return .bulkString(bytes)
    }
  }

  private static func scalar(
    _ line: RawSpan, _ kind: ReplyKind
  ) throws(ReplyDefect) -> RESPValue {
    switch kind {
    case .error: return .error(RESPError(bytes: line.array))
    case .integer:
      guard let number = Decimal(line, allowsPlus: true) else { throw .numberInvalid }
      return .integer(try kind.checked(number))
    case .double:
      guard let value = double(of: line.array) else { throw .doubleInvalid }
      return .double(value)
    case .boolean:
      if line.equals("t") { return .boolean(true) }
      guard line.equals("f") else { throw .booleanInvalid }
      return .boolean(false)
    case .null:
      guard line.isEmpty else { throw .nullInvalid }
      return .null
    case .bigNumber:
      guard isBigNumber(line.array) else { throw .bigNumberInvalid }
      return .bigNumber(line.array)
    default: return .simpleString(line.array)
    }
  }

  private static func isBigNumber(_ digits: [UInt8]) -> Bool {
    let isSigned = digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+")
    let unsigned = digits.dropFirst(isSigned ? 1 : 0)
    return !unsigned.isEmpty
      && unsigned.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }
}

extension ByteBuffer {
  /// Appends a reply as a server would. An error's or a status's line ends are replaced by spaces.
  package mutating func append(_ value: RESPValue, _ version: RESPVersion) {
    switch value {
    case .simpleString(let bytes): unsafe appendSimpleString(bytes.span.bytes)
    case .bulkString(let bytes): appendBulk(bytes)
    case .verbatimString(let bytes, let format):
      let format = Array(format.utf8)
      unsafe appendVerbatim(bytes.span.bytes, format: format.span.bytes, version)
    case .error(let error): unsafe appendError(error.bytes.span.bytes)
    case .integer(let value): appendInteger(value)
    case .double(let value): appendDouble(value, version)
    case .boolean(let value): appendBoolean(value, version)
    case .bigNumber(let digits): unsafe appendBigNumber(digits.span.bytes, version)
    case .null: appendNull(version)
    case .array(let values):
      appendArrayHeader(count: values.count)
      append(values, version)
    case .set(let values):
      appendSetHeader(count: values.count, version)
      append(values, version)
    case .push(let values):
      appendPushHeader(count: values.count, version)
      append(values, version)
    case .map(let pairs):
      appendMapHeader(count: pairs.count, version)
      for pair in pairs {
        append(pair.key, version)
        append(pair.value, version)
      }
    }
  }

  private mutating func append(_ values: [RESPValue], _ version: RESPVersion) {
    for value in values { append(value, version) }
  }
}
