extension Link {
  /// Says what the next request, an EXEC to be delivered as a `transaction`, is answered with. No other one
  /// may be in flight.
  mutating func expect(_ transaction: TransactionReading) {
    reading.transaction = transaction
    reading.lastSelection = nil
  }

  /// Of the last such EXEC, which of its SELECTs was the last one that Redis has obeyed; nil where none was.
  package var lastSelection: Int? { reading.lastSelection }

  /// The first line, if the reply has elements. Otherwise it is a reply like others.
  mutating func beginTransaction(
    _ bytes: RawSpan, at position: inout Int, _ request: LinkRequest, now: Moment
  ) -> LinkEvent? {
    let start = position
    guard let end = bytes.firstOffset(of: UInt8(ascii: "\n"), in: start..<bytes.byteCount) else {
      if bytes.byteCount &- start > Limits.pushHeadBytesMax {
        return fail(.protocolDefect(ReplyDefect.lineTooLong.description), now: now)
      }
      return .needsMore(atLeast: 1)
    }
    let number = bytes.extracting(start &+ 1..<max(start &+ 1, end &- 1))
    let isArray = unsafe bytes.byte(at: start) == ReplyKind.array.rawValue  // before `end`
    guard isArray, let count = Decimal(number)?.value, count > 0 else {
      reading.transaction = nil
      reading.frame = .reply
      return nil
    }
    reading.transaction?.begin(count: count)
    position = end &+ 1
    return .piece(
      LinkPiece(
        token: request.token, bytes: start..<position, isFirst: true, isLast: false,
        endsRequest: false))
  }

  /// A piece of an element, or of a confirmation, which ends with it where `isLast`.
  mutating func transactionPiece(
    _ place: Range<Int>, of token: LinkToken, isLast: Bool, isConfirmation: Bool
  ) -> LinkEvent {
    var endsRequest = false
    if isLast {
      reading.frame = .boundary
      let isError = reading.scanner.kind == .error || reading.scanner.kind == .bulkError
      endsRequest =
        (isConfirmation
          ? reading.transaction?.endConfirmation()
          : reading.transaction?.endElement(isError: isError)) ?? true
    }
    if endsRequest {
      endRequest()
      reading.lastSelection = reading.transaction?.lastSelection
      reading.transaction = nil
    }
    return .piece(
      LinkPiece(
        token: token, bytes: place, isFirst: false, isLast: endsRequest, endsRequest: endsRequest))
  }
}
