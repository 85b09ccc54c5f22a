/// Finds the requests in what a client sent.
///
/// ```
///            ┌────────────── *0, empty line: .nothing ──────────────┐
///            ▼                                                      │
///         start ──'*'──▶ count ──▶ length ──▶ payload ──(last)──▶ .command
///            │                       ▲  │        │
///            │                       └──┼────────┘        over the threshold
///            │                          └──▶ large ──▶ relay() | keepBuffering()
///            └──else──▶ inline ──▶ .inlineCommand           any state ──▶ refused
/// ```
///
/// Call `parse` with all that is buffered, from the first byte that was not consumed; after `.needsMore`
/// call it again with the same bytes and more. No byte is looked at twice, but for those of an inline
/// command, which are searched for their end and then split; payloads are not looked at at all.
package struct RequestParser: ~Copyable {
  package enum ParseVerdict: Equatable, Sendable {
    /// The request is not complete until so many bytes follow, at least.
    case needsMore(atLeast: Int)
    /// The first `length` bytes are a request; `arguments` are ranges in them.
    case command(length: Int)
    /// The first `length` bytes are an inline request; `arguments` are ranges in `canonical`.
    case inlineCommand(length: Int)
    /// The first `length` bytes ask for nothing and get no reply.
    case nothing(length: Int)
    /// An argument is over the threshold, or the whole request is going to be. Answer with `relay()` or
    /// `keepBuffering()`.
    case large(LargeArgument)
    /// Reply so and close. The parser says the same forever.
    case refused(ProtocolError)
  }

  /// A request that is too large to wait for, and the argument that comes next.
  package struct LargeArgument: Equatable, Sendable {
    /// The bytes up to where the argument begins: the request's head, to be sent on as it is.
    package let headLength: Int
    /// How many arguments the request declares, the command's name included.
    package let argumentCount: Int
    /// The argument's length. Those before it are in `arguments`.
    package let length: Int
    /// Whether it is the request as a whole that is too large, by its bytes or its arguments.
    package var isOverall = false
  }

  private enum ParseStage: Equatable {
    case start, inline, inlineHidden, count, length, payload, large
    case refused(ProtocolError)
  }

  private var stage = ParseStage.start
  /// What lies before it was examined and is not looked at again.
  private var position = 0
  private var line = LengthLine()
  package internal(set) var arguments = ArgumentTable()
  /// Arguments longer than this are announced by `.large`.
  package var largeThreshold = Limits.argumentBufferedMax
  /// So are requests longer than this, and those with more arguments.
  package var bufferedBytesMax = Limits.requestBufferedMax
  package var bufferedArgumentsMax = Limits.argumentsBufferedMax
  /// What is ever waited for of one request; at most the default, which keeps offsets within 32 bits.
  package var requestBytesMax = Limits.requestBytesMax {
    didSet { requestBytesMax = min(requestBytesMax, Limits.requestBytesMax) }
  }
  /// Whether Redis's bounds for strangers are lifted.
  package var isAuthenticated = true
  private var argumentsLeft = 0
  private var argumentCount = 0
  private var payloadLength = 0
  /// How many arguments are left where something happens: where the request ends, or where it is announced.
  private var stopAt = 0
  /// What of the limits holds for the request at hand.
  private var payloadMax = 0
  private var bytesMax = 0
  private var isOverall = false
  /// The last inline command in the multibulk form, as if the client had sent it so.
  package internal(set) var canonical = ByteBuffer()

  package init() {}

  /// Whether the bytes of a request have begun to come. Mutating only because the compiler (6.3) copies all of
  /// the parser, for a borrow by another module.
  package var isMidRequest: Bool {
    mutating get { stage != .start }
  }

  /// What the bytes are. O(bytes not seen before), without allocation once the table has grown.
  package mutating func parse(_ bytes: RawSpan) -> ParseVerdict {
    precondition(position <= bytes.byteCount, "bytes of an unfinished request were consumed")
    if stage == .start {
      guard bytes.byteCount > 0 else { return .needsMore(atLeast: 1) }
      arguments.removeAll()
      // In bounds: there is a byte.
      guard unsafe bytes.byte(at: 0) == UInt8(ascii: "*") else {
        stage = .inline
        return parseInline(bytes)
      }
      if !readShortCount(bytes) {
        line = LengthLine()
        stage = .count
      }
    }
    switch stage {
    case .length, .payload: return parseArguments(bytes)
    case .count: return parseCount(bytes)
    case .inline: return parseInline(bytes)
    case .inlineHidden: return waitForever(bytes)
    case .large: return largeVerdict
    case .refused(let error): return .refused(error)
    case .start: return .needsMore(atLeast: 1)
    }
  }

  /// Gives back what an idle connection does not need.
  package mutating func releaseMemory() {
    guard stage == .start else { return }
    arguments.release()
    canonical.release()
  }

  /// Whether what was parsed is `GET` and a key; `request` is what the table of arguments belongs to.
  package func isGet(_ request: RawSpan) -> Bool {
    guard arguments.count == 2, arguments[0].count == 3 else { return false }
    // In bounds: a line end follows the name. Without the bit that tells the case.
    let name = unsafe request.fourBytes(at: arguments[0].offset) & 0xDF_DFDF
    return name == Self.get
  }

  private static let get: UInt32 = 0x54_4547  // TEG, the first in the lowest bits

  // MARK: Multibulk

  /// Reads `*d\r\n` at once, which nearly all requests begin with.
  private mutating func readShortCount(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 4 else { return false }
    let word = unsafe bytes.fourBytes(at: 0)  // in bounds: there are four
    let digit = (word >> 8 & 0xFF) &- UInt32(UInt8(ascii: "0"))
    guard digit >= 1 && digit <= 9 && word >> 16 & 0xFF == UInt32(UInt8(ascii: "\r")) else {
      return false
    }
    beginArguments(Int(digit), at: 4)
    return true
  }

  private mutating func beginArguments(_ count: Int, at offset: Int) {
    argumentCount = count
    argumentsLeft = count
    position = offset
    stopAt = 0
    payloadMax = largeThreshold
    bytesMax = min(bufferedBytesMax, requestBytesMax)
    line = LengthLine()
    stage = .length
  }

  private mutating func parseCount(_ bytes: RawSpan) -> ParseVerdict {
    switch line.read(bytes, from: position) {
    case .partial:
      position = bytes.byteCount
      return .needsMore(atLeast: 1)
    case .tooLong: return refuse(.countLineTooBig)
    case .ends(let end):
      do throws(ProtocolError) {
        let count = try line.argumentCount(isAuthenticated: isAuthenticated)
        if count == 0 { return finish(.nothing(length: end)) }
        beginArguments(count, at: end)
        // Behind what it does, and to what.
        if count > bufferedArgumentsMax { stopAt = count &- 2 }
      } catch {
        return refuse(error)
      }
      return parseArguments(bytes)
    }
  }

  private mutating func parseArguments(_ bytes: RawSpan) -> ParseVerdict {
    while true {
      if stage == .length, let verdict = readLength(bytes) { return verdict }
      // Two bytes end the payload; like Redis, this does not check that they are CR and LF.
      let missing = payloadLength &+ 2 &- (bytes.byteCount &- position)
      if missing > 0 { return .needsMore(atLeast: missing) }
      arguments.append(Argument(offset: position, count: payloadLength))
      position &+= payloadLength &+ 2
      argumentsLeft &-= 1
      if argumentsLeft == stopAt {
        if argumentsLeft == 0 { return finish(.command(length: position)) }
        stopAt = 0
        payloadMax = -1
        isOverall = true
      }
      stage = .length
    }
  }

  /// Reads the line before a payload; a verdict where that was not possible.
  private mutating func readLength(_ bytes: RawSpan) -> ParseVerdict? {
    if let length = shortLength(bytes) {
      payloadLength = length.value
      position &+= 1 &+ length.lineBytes
    } else {
      switch line.read(bytes, from: position) {
      case .partial:
        position = bytes.byteCount
        return .needsMore(atLeast: 1)
      case .tooLong: return refuse(.lengthLineTooBig)
      case .ends(let end):
        position = end
        do throws(ProtocolError) {
          payloadLength = try line.length(isAuthenticated: isAuthenticated)
        } catch {
          return refuse(error)
        }
        line = LengthLine()
      }
    }
    if position &+ payloadLength > bytesMax {
      if position &+ payloadLength > requestBytesMax { return refuse(.requestTooBig) }
      isOverall = true
      stage = .large
      return largeVerdict
    }
    if payloadLength > payloadMax {
      stage = .large
      return largeVerdict
    }
    stage = .payload
    return nil
  }

  /// The length of an argument at `position`, where no part of its line was read before.
  private func shortLength(_ bytes: RawSpan) -> ShortLength? {
    // In bounds: there are six.
    guard !line.isBegun, bytes.byteCount &- position >= 6,
      unsafe bytes.byte(at: position) == UInt8(ascii: "$")
    else { return nil }
    return unsafe ShortLength(bytes.fourBytes(at: position &+ 1))
  }

  // MARK: Large arguments

  private var largeVerdict: ParseVerdict {
    .large(
      LargeArgument(
        headLength: position, argumentCount: argumentCount, length: payloadLength,
        isOverall: isOverall))
  }

  /// Hands the rest of the request, which begins `headLength` bytes further on, to a relay. The parser
  /// is ready for the request after it; `arguments` stay until then.
  package mutating func relay() -> RequestRelay {
    precondition(stage == .large, "there is no large argument to relay")
    let relay = RequestRelay(payloadLength: payloadLength, argumentsLeft: argumentsLeft)
    isOverall = false
    _ = finish(.nothing(length: 0))
    return relay
  }

  /// Lets `parse` wait for the whole request instead, with all its large arguments; where it was the whole that was
  /// announced, as far as anything is waited for.
  package mutating func keepBuffering() {
    precondition(stage == .large, "there is no large argument to wait for")
    payloadMax = .max
    if isOverall { bytesMax = requestBytesMax }
    isOverall = false
    stage = .payload
  }

  // MARK: Inline

  private mutating func parseInline(_ bytes: RawSpan) -> ParseVerdict {
    let end = min(bytes.byteCount, Limits.lineBytesMax &+ 1)
    let feed = bytes.firstOffset(of: UInt8(ascii: "\n"), in: position..<end)
    if bytes.firstOffset(of: 0, in: position..<(feed ?? end)) != nil {
      stage = .inlineHidden
      return waitForever(bytes)
    }
    guard let feed else {
      position = end
      return bytes.byteCount > Limits.lineBytesMax
        ? refuse(.inlineTooBig) : .needsMore(atLeast: 1)
    }
    var last = feed
    // In bounds: `feed` lies within and something comes before it.
    if feed > 0, unsafe bytes.byte(at: feed &- 1) == UInt8(ascii: "\r") { last &-= 1 }
    guard splitInline(bytes.extracting(0..<last)) else { return refuse(.quotesUnbalanced) }
    let length = feed &+ 1
    return finish(arguments.isEmpty ? .nothing(length: length) : .inlineCommand(length: length))
  }

  /// A NUL ends Redis's search for the line's end, so that the line never ends but by being too long.
  private mutating func waitForever(_ bytes: RawSpan) -> ParseVerdict {
    bytes.byteCount > Limits.lineBytesMax ? refuse(.inlineTooBig) : .needsMore(atLeast: 1)
  }

  // MARK: Ends

  private mutating func finish(_ verdict: ParseVerdict) -> ParseVerdict {
    stage = .start
    position = 0
    return verdict
  }

  private mutating func refuse(_ error: ProtocolError) -> ParseVerdict {
    stage = .refused(error)
    position = 0
    return .refused(error)
  }
}
