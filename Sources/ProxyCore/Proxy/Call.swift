/// A request at Redis, and what the cache owes to it.
struct Call: ~Copyable {
  /// Who is told. Moved, never copied, so that references are counted once.
  enum Recipient: ~Copyable {
    case caller(any Caller, ticket: UInt64)
    case read(UInt64, key: [UInt8], wasRepeated: Bool)
    /// The proxy itself.
    case task((Result<RESPValue, RedisError>) -> Void)

    var caller: (any Caller, ticket: UInt64)? {
      switch self {
      case .caller(let caller, let ticket): (caller, ticket)
      default: nil
      }
    }

    /// 0, which no request of a client has, where none is told.
    var ticket: UInt64 {
      switch self {
      case .caller(_, let ticket): ticket
      default: 0
      }
    }

    /// A read that was not repeated yet.
    var firstRead: (UInt64, key: [UInt8])? {
      switch self {
      case .read(let read, let key, let wasRepeated): wasRepeated ? nil : (read, key)
      default: nil
      }
    }
  }

  enum CallStage: UInt8 {
    /// Nothing of the reply has come.
    case sent
    /// The reply is withheld until Redis's invalidations are known to be applied.
    case fenced
    /// The reply is handed on as it comes.
    case answering
  }

  let recipient: Recipient
  let effect: CommandEffect
  /// Over which kind of link, and since when; nil for what the proxy asks for itself over a fill link.
  var kind: LinkKind? = .shared
  var sent = Moment.distantFuture
  var intents = HeldIntents()
  /// Whether it replaces the data set, so that nothing is kept meanwhile.
  var replaces = false
  var holdsPermit = false
  var stage = CallStage.sent
  /// What has come of the reply while it is withheld.
  var withheld: Withheld?

  /// A reply that waits for a fence, and what its link has said unasked since the reply began.
  final class Withheld {
    struct WithheldPart {
      var bytes: [UInt8]
      var place: ReplyPlace
      let isUnasked: Bool
    }

    /// In the order in which Redis has sent them.
    private(set) var parts: [WithheldPart] = []
    private(set) var count = 0
    var reply: Result<RESPValue, RedisError>?

    func append(_ bytes: RawSpan, _ place: ReplyPlace, isUnasked: Bool) {
      count += bytes.byteCount
      guard !isUnasked, let last = parts.indices.last, !parts[last].isUnasked else {
        return parts.append(WithheldPart(bytes: bytes.array, place: place, isUnasked: isUnasked))
      }
      parts[last].bytes.append(bytes)
      parts[last].place = ReplyPlace(
        isFirst: parts[last].place.isFirst, isLast: place.isLast, endsRequest: place.endsRequest)
    }
  }
}

extension Call {
  /// Under which numbers a worker and its caller know a request.
  struct Numbers {
    var token: UInt64 = 0
    var ticket: UInt64 = 0
  }
}
