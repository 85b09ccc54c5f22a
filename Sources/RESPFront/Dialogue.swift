internal import ProxyCore

/// One client's side of the conversation: requests in, replies out, in order, without a socket.
///
///     bytes → skip what is left of a large request → parse → execute → reply → next request
struct Dialogue: ~Copyable {
  /// What is to become of the connection.
  enum Verdict: Equatable {
    /// The first `count` bytes are done with; of what follows, `needing` bytes are needed.
    case taken(_ count: Int, needing: Int)
    /// Nothing more is read; what was replied is sent.
    case finished
    /// Nothing more is read or sent.
    case aborted
  }

  private var client: ClientState
  private var parser = RequestParser()
  /// The rest of a request that is too large to be waited for, whose reply is due at its end.
  private var skipped: RequestRelay?

  init(_ client: ClientState) { self.client = client }

  /// Executes the requests in `bytes`, which begin with the first byte that was not taken. O(bytes).
  mutating func take(_ bytes: RawSpan, output: inout ByteBuffer) -> Verdict {
    var offset = 0
    while offset < bytes.byteCount {
      let rest = bytes.extracting(offset..<bytes.byteCount)
      let step = skipped == nil ? parse(rest, &output) : skip(rest, &output)
      switch step {
      case .done(let count): offset &+= count
      case .needsMore(let count): return .taken(offset, needing: rest.byteCount &+ count)
      case .finish: return .finished
      case .abort: return .aborted
      }
    }
    // An idle client keeps room for a common request, and no more.
    if parser.arguments.allocatedCount > Limits.sessionArgumentsKeptMax { parser.releaseMemory() }
    return .taken(offset, needing: 0)
  }

  private enum Step {
    case done(Int)
    case needsMore(atLeast: Int)
    case finish, abort
  }

  private mutating func parse(_ bytes: RawSpan, _ output: inout ByteBuffer) -> Step {
    switch parser.parse(bytes) {
    case .command(let length):
      return Self.step(
        after: client.execute(parser.arguments, in: bytes, output: &output), length: length)
    case .inlineCommand(let length):
      return Self.step(after: Self.executeInline(parser, &client, &output), length: length)
    case .nothing(let length):
      client.replies.advance()
      return .done(length)
    case .needsMore(let count): return .needsMore(atLeast: count)
    case .large(let large):
      if isAnsweredHere(large, in: bytes) {
        parser.keepBuffering()
        return .done(0)
      }
      skipped = parser.relay()
      return .done(large.headLength)
    case .refused(let error): return refuse(error, &output)
    }
  }

  /// A function of its own because the compiler takes a span of the parser's for one of all of `self`.
  private static func executeInline(
    _ parser: borrowing RequestParser, _ client: inout ClientState, _ output: inout ByteBuffer
  ) -> ClientState.Continuation {
    client.execute(parser.arguments, in: parser.canonical.bytes, output: &output)
  }

  private static func step(after continuation: ClientState.Continuation, length: Int) -> Step {
    switch continuation {
    case .goOn: .done(length)
    case .finish: .finish
    case .abort: .abort
    }
  }

  /// As Redis does: a request past the limit of a whole one ends without a word.
  private mutating func refuse(_ error: ProtocolError, _ output: inout ByteBuffer) -> Step {
    if error == .requestTooBig { return .abort }
    if !client.replies.drops { error.write(to: &output) }
    return .finish
  }

  /// Whether a large argument is one that a session's own command sends back.
  private func isAnsweredHere(
    _ large: RequestParser.LargeArgument, in request: RawSpan
  ) -> Bool {
    guard large.argumentCount == 2, parser.arguments.count == 1 else { return false }
    switch SessionCommand(parser.arguments.bytes(0, in: request)) {
    case .ping, .echo: return true
    default: return false
    }
  }

  private mutating func skip(_ bytes: RawSpan, _ output: inout ByteBuffer) -> Step {
    switch skipped?.take(bytes) {
    case .complete(let length):
      skipped = nil
      if !client.replies.drops { ClientState.passOn(&output) }
      client.replies.advance()
      return .done(length)
    case .refused(let error): return refuse(error, &output)
    case .partial, nil: return .done(bytes.byteCount)
    }
  }
}
