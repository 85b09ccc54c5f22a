internal import ProxyCore

/// The beginnings of requests under way, oldest first, so that one which turns out to have taken long can
/// be told of at its end. What is not under way takes no memory.
struct RequestLedger: ~Copyable {
  /// Where a request is written down.
  struct LedgerEntry {
    /// When it was received.
    var start = Moment.distantFuture
    fileprivate var position: UInt64 = 0
    /// 0: it is not.
    fileprivate var count = 0

    var isEmpty: Bool { count == 0 }
  }

  /// Arrays of RESP, one after another.
  private var text = ByteBuffer()
  /// How many bytes were forgotten before those in `text`.
  private var forgotten: UInt64 = 0

  /// Writes a request down as Redis's log of slow commands has it: no more than so many arguments, and of
  /// each no more than so many bytes. `more` is the length of a last argument that has not come yet.
  mutating func add(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, more: Int? = nil, since start: Moment
  ) -> LedgerEntry {
    let position = forgotten &+ UInt64(text.count)
    let total = arguments.count + (more == nil ? 0 : 1)
    // Of clients with very many requests under way only the commands' names are kept.
    let isFull = text.count > Limits.ledgerBytesMax
    // The name itself may be what has not come.
    let isSecret = !arguments.isEmpty && Self.hidesArguments(arguments.bytes(0, in: request))
    let isLong = total > Limits.slowArgumentsMax
    if !isFull && !isSecret && request.byteCount <= Limits.slowArgumentBytesMax && more == nil
      && total <= Limits.slowArgumentsMax
    {
      // As it came, which is as it would be told.
      text.append(request)
      return LedgerEntry(start: start, position: position, count: request.byteCount)
    }
    let kept =
      isFull ? 1 : isSecret ? min(total, 2) : isLong ? Limits.slowArgumentsMax - 1 : total
    text.appendArrayHeader(count: total > kept ? kept + 1 : kept)
    for index in 0..<kept {
      if index < arguments.count {
        append(arguments.bytes(index, in: request))
      } else {
        append("... (", more ?? 0, " more bytes)", after: RawSpan())
      }
    }
    if total > kept {
      if isSecret {
        text.appendArgument("(redacted)")
      } else {
        append("... (", total - kept, " more arguments)", after: RawSpan())
      }
    }
    let count = Int(truncatingIfNeeded: forgotten &+ UInt64(text.count) &- position)
    return LedgerEntry(start: start, position: position, count: count)
  }

  private mutating func append(_ argument: RawSpan) {
    let rest = argument.byteCount - Limits.slowArgumentBytesMax
    if rest <= 0 { return text.appendArgument(argument) }
    let head = argument.extracting(0..<Limits.slowArgumentBytesMax)
    append("... (", rest, " more bytes)", after: head)
  }

  private mutating func append(
    _ before: StaticString, _ number: Int, _ after: StaticString, after head: RawSpan
  ) {
    var argument = ByteBuffer()
    argument.append(head)
    argument.append(before)
    argument.appendDecimal(number)
    argument.append(after)
    text.appendArgument(argument.bytes)
  }

  /// Whether a command may be told a password.
  private static func hidesArguments(_ name: RawSpan) -> Bool {
    switch name.byteCount {
    case 3: name.equalsIgnoringCase("acl")
    case 6: name.equalsIgnoringCase("config")
    case 7: name.equalsIgnoringCase("migrate")
    default: false
    }
  }

  /// The request of an entry, as an array of RESP.
  func request(of entry: LedgerEntry) -> [UInt8] {
    guard entry.position >= forgotten else { return [] }
    let start = Int(truncatingIfNeeded: entry.position &- forgotten)
    guard start <= text.count, entry.count <= text.count - start else { return [] }
    return text.bytes.extracting(start..<start + entry.count).array
  }

  /// Forgets all requests before that of `entry`.
  mutating func forget(before entry: LedgerEntry) {
    guard entry.position > forgotten else { return }
    let count = min(text.count, Int(truncatingIfNeeded: entry.position &- forgotten))
    text.consume(count)
    forgotten &+= UInt64(count)
  }

  /// Nothing is under way any more.
  mutating func removeAll() {
    forgotten &+= UInt64(text.count)
    if text.allocated > Limits.ledgerBytesKeptMax { text.release() } else { text.removeAll() }
  }
}
