/// How a request is passed on.
package struct Passage: ~Copyable {
  /// Over which link.
  package enum Way {
    /// With others', in the version that the client speaks; over the strand's spare link or not, or (nil) over
    /// the one that Redis does not hold back.
    case shared(RESPVersion, CommandStrand, isSpare: Bool? = nil)
    case control
    /// Over the client's own.
    case pinned(PinnedLink)
  }

  package var way: Way
  package var database: UInt32
  /// What it does to values.
  package var effect: CommandEffect
  package var delivery = LinkDelivery.relay
  /// Of an EXEC, which of its elements are confirmations, in their order, and how many; it is delivered
  /// as a transaction then. Nil for most, as counting references to nothing costs something too.
  package var confirmations: [(element: Int, count: UInt32)]?
  /// And which of them answer SELECTs.
  package var selections: [Int]?
  /// Whether a permit comes with it, to be released at its end.
  package var holdsPermit = false
  /// The keys of which nothing may be known meanwhile, held since `beginIntent`: those that it writes.
  package var intents = HeldIntents()

  var kind: LinkKind {
    switch way {
    case .shared: .shared
    case .control: .control
    case .pinned: .pinned
    }
  }

  package init(_ way: Way, database: UInt32, effect: CommandEffect) {
    self.way = way
    self.database = database
    self.effect = effect
  }
}

/// The keys that a request holds until its reply has come, by their hashes. One is common, and then
/// nothing is allocated.
package struct HeldIntents {
  private var first: UInt64 = 0
  package private(set) var isEmpty = true
  private var others: Others?

  private final class Others { var hashes: [UInt64] = [] }

  package init() {}

  /// Makes room for all keys of a request that has many.
  package mutating func reserve(_ count: Int) {
    let others = others ?? Others()
    others.hashes.reserveCapacity(count)
    self.others = others
  }

  mutating func append(_ hash: UInt64) {
    if isEmpty {
      isEmpty = false
      first = hash
    } else {
      let others = others ?? Others()
      others.hashes.append(hash)
      self.others = others
    }
  }

  /// Ends the holding of each.
  mutating func release(from cache: ByteCache) {
    if isEmpty { return }
    cache.endIntent(hash: first)
    if let others { for hash in others.hashes { cache.endIntent(hash: hash) } }
    self = HeldIntents()
  }
}

/// Under which numbers a worker and its caller know a request.
struct CallPlace {
  var token: UInt64 = 0
  var ticket: UInt64 = 0
}

/// A request at Redis, and what the cache owes to it.
struct Call: ~Copyable {
  /// Who is told. Moved, never copied, so that references are counted once.
  enum Recipient: ~Copyable {
    case caller(any Caller, ticket: UInt64)
    case read(UInt64, key: [UInt8], wasRepeated: Bool)
    /// Somebody in the proxy itself.
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

  enum Stage: UInt8 {
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
  var stage = Stage.sent
  /// What has come of the reply while it is withheld.
  var withheld: Withheld?

  /// A reply that waits for a fence, and what its link has said unasked since the reply began.
  final class Withheld {
    struct Part {
      var bytes: [UInt8]
      var place: ReplyPlace
      let isUnasked: Bool
    }

    /// In the order in which Redis has sent them.
    private(set) var parts: [Part] = []
    private(set) var count = 0
    var reply: Result<RESPValue, RedisError>?

    func append(_ bytes: RawSpan, _ place: ReplyPlace, isUnasked: Bool) {
      count += bytes.byteCount
      guard !isUnasked, let last = parts.indices.last, !parts[last].isUnasked else {
        return parts.append(Part(bytes: bytes.array, place: place, isUnasked: isUnasked))
      }
      parts[last].bytes.append(bytes)
      parts[last].place = ReplyPlace(
        isFirst: parts[last].place.isFirst, isLast: place.isLast, endsRequest: place.endsRequest)
    }
  }
}
