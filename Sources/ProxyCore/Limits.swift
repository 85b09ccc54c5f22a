/// Every bound in one place, section by section: those of the library here, those of the fronts and of what
/// they keep of their clients beside it, in `Limits+Fronts.swift`. A buffer, queue, table or wait that is not
/// listed here must not exist. What the bounds of a section owe to each other stands at its end, and is
/// tested.
package enum Limits {}

extension Limits {
  // RESP: requests. The first six are Redis's own.

  /// A line of a request: an inline command, a count, a length.
  package static let lineBytesMax = 64 * 1024
  /// Arguments that a request may declare. Nothing is allocated for what is only declared.
  package static let argumentsDeclaredMax = Int(Int32.max)
  package static let argumentsUnauthenticatedMax = 10
  /// An argument: `proto-max-bulk-len`.
  package static let argumentBytesMax = 512 * 1024 * 1024
  package static let argumentBytesUnauthenticatedMax = 16 * 1024
  /// A request that is waited for as a whole: `client-query-buffer-limit`. Offsets in it fit 32 bits.
  package static let requestBytesMax = 1024 * 1024 * 1024
  /// An argument that is waited for; a larger one is relayed as it comes.
  package static let argumentBufferedMax = 64 * 1024
  /// Arguments for which room is kept between requests.
  package static let argumentsKeptMax = 1024

  // RESP: replies.

  /// Aggregates of a reply that are open at once, where it is passed on or skipped: those that end together
  /// count as one. A script's reply has 8000 levels at most, and no command's has more than some ten. Each
  /// costs 16 bytes.
  package static let replyFramesMax = 1 << 20
  /// Of those, room that is kept between replies.
  package static let replyFramesKeptMax = 1 << 10
  /// Aggregates within aggregates of a reply that is built as a tree, which is done, and undone, by recursion.
  package static let replyTreeDepthMax = 128
  /// A string or a line that Redis may send: above any `proto-max-bulk-len` in use. It is relayed or
  /// skipped in pieces; what is kept of a reply is bounded by who keeps it.
  package static let replyStringBytesMax = 4 * 1024 * 1024 * 1024
  /// Elements that an aggregate may declare.
  package static let replyElementsMax = Int(UInt32.max)
  /// An error reply that is looked for at once; a longer one is found by the scanner.
  package static let replyErrorBytesMax = 4 * 1024

  /// What the bounds of RESP owe to each other.
  package static var respRelationsHold: Bool {
    argumentBytesUnauthenticatedMax <= argumentBufferedMax
      && argumentBufferedMax < argumentBytesMax
      && argumentBytesMax < requestBytesMax
      && requestBytesMax + argumentBytesMax <= Int(UInt32.max)
      && argumentBytesMax <= replyStringBytesMax
      && replyFramesKeptMax <= replyFramesMax && replyTreeDepthMax <= replyFramesMax
  }

}

extension Limits {  // Limiter
  /// Permits of a concurrency limiter; more is as good as none at all.
  package static let limiterPermitsMax = 1 << 20
  /// Waiters of a concurrency limiter; with their links some 80 MB.
  package static let limiterWaitersMax = 1 << 20
  /// How long the task that watches deadlines sleeps at once, so that no deadline is too far for
  /// the system's clock.
  package static let limiterSleepMax = Duration.seconds(3_600)
}

extension Limits {

  /// How many connections the kernel keeps for a listener until they are accepted, at most.
  package static let listenBacklog: Int32 = 4_096

  /// A silent peer is probed after so long, as Redis does.
  package static let keepaliveSeconds: Int32 = 300

  /// Probes without an answer before a peer counts as dead.
  package static let keepaliveProbes: Int32 = 3

  /// How long sent bytes may stay unacknowledged before Redis counts as dead.
  package static let userTimeoutMilliseconds: Int32 = 30_000

  /// The same for clients. The kernel means by it also one that lives and reads nothing, which Redis lets
  /// wait; so it is no sooner than a client is given up that is idle.
  package static let clientUserTimeoutMilliseconds: Int32 = 600_000

  /// How long a connection that said its last word waits for the peer's.
  package static let lingerTimeout = Duration.seconds(1)
  /// How long Redis has to hang up a link whose client has gone while it was blocked: a round trip, where Redis
  /// answers at all.
  package static let linkFarewellMax = Duration.seconds(1)

  /// How long a listener rests when the process is out of descriptors.
  package static let acceptPause = Duration.milliseconds(100)

  /// Descriptors looked at in one turn of a loop; those left over come first in the next.
  package static let eventsPerTurnMax = 512

  /// Connections accepted in one turn by one listener.
  package static let acceptsPerTurnMax = 64

  /// Messages delivered in one turn from one mailbox.
  package static let mailPerTurnMax = 1_024

  /// Timers fired in one turn.
  package static let timersPerTurnMax = 1_024

  /// Closures that wait for a loop.
  package static let controlMailMax = 4_096

  /// Accepted connections that wait for their loop.
  package static let intakeMailMax = 4_096

  /// What one connection is read in one turn, unless it collects a large request. Once more than that was
  /// received for connections together, it is handled before more is.
  package static let scratchBytes = 65_536

  /// Connections that are received for before what has come is handled: so many that each code stays in the
  /// processor's caches for a while, so few that what was received does.
  package static let arrivalsMax = 64

  /// An incomplete request up to this size is moved in front of what comes next; a larger one stays
  /// where it is, and the rest is received behind it.
  package static let inputCopiedBytesMax = 4_096

  /// The least room for more of a large request.
  package static let inputGrowthBytesMin = 16_384

  /// The most that one connection with a large request is read in one turn.
  package static let readBytesPerTurnMax = 262_144

  /// An incomplete request that grows past this closes its connection: Redis's own limit for one
  /// client, twice its largest value.
  package static let connectionInputBytesMax = 1_073_741_824

  /// Answers that wait for their reader past this close its connection, unless its owner sets
  /// another.
  package static let connectionOutputBytesMax = 268_435_456

  /// Small input buffers that a loop keeps for the next incomplete requests.
  package static let inputsPooledMax = 256

  /// Connections for which a loop's queues keep room while they are empty.
  package static let loopQueueKeptMax = 4_096

  /// Output buffers that a loop keeps for the next answers.
  package static let outputsPooledMax = 256

  /// An output buffer that grew past this is freed rather than kept.
  package static let outputPooledBytesMax = 32_768

  /// Pieces of memory, blocks and the bytes between them, in one call to the kernel; for twice as many
  /// at most an idle connection that has sent blocks keeps room.
  package static let piecesPerSendMax = 64

  /// What the bounds of the loop owe to each other.
  static func checkLoopRelations() {
    precondition(
      inputCopiedBytesMax < scratchBytes, "nothing could be received behind what is left")
    precondition(inputGrowthBytesMin <= readBytesPerTurnMax, "room would be made in vain")
    precondition(scratchBytes <= connectionInputBytesMax, "a full batch would be past the limit")
    precondition(
      piecesPerSendMax >= 2, "a block needs a piece for itself and one for what is before")
    precondition(piecesPerSendMax <= 1_024, "the kernel takes no more pieces")
  }
}

extension Limits {  // Cache
  /// Buckets of the index, some seven entries each, that the janitor looks at with a shard locked.
  package static let janitorSliceBuckets = 16
  /// In about this time the janitor goes through the whole cache.
  package static let janitorRound = Duration.seconds(10)
  /// An entry that ends within this is checked against the clock itself rather than the time of the turn.
  static let endingSoonMilliseconds: UInt64 = 1_000
  /// It never works without a pause of this at least.
  package static let janitorPauseMin = Duration.milliseconds(1)
}

extension Limits {
  // Commands.

  /// Commands and subcommands that are known of one server; Redis 8 with all its modules has some 600.
  package static let commandsMax = 4096
  /// A command's name and its subcommand's, as far as they are learned from a server.
  package static let commandNameBytesMax = 128
  package static let keySpecsPerCommandMax = 8

  /// What the bounds of commands owe to each other: places in their tables are numbers of 16 bits.
  package static var commandRelationsHold: Bool {
    commandsMax * keySpecsPerCommandMax < Int(UInt16.max)
      && argumentsDeclaredMax <= Int(UInt32.max >> 1)
  }
}

extension Limits {  // Links to Redis
  /// The highest database that a URL may name; Redis has 16 unless told otherwise.
  package static let databaseIndexMax = 1_000_000
  /// The ceiling of the wait after a first failure. It doubles with each.
  package static let backoffFirstMax = Duration.milliseconds(20)
  /// The longest wait between attempts.
  package static let backoffMax = Duration.milliseconds(500)
  /// The longest wait after what only an operator can mend: a wrong password, a missing database.
  package static let backoffRefused = Duration.seconds(5)
  /// A link that was ready for less was no success: the wait before the next attempt grows on.
  package static let linkStableMin = Duration.seconds(1)

  /// Names that wait for the resolver, a loop.
  package static let resolutionsMax = 1024

  /// Requests on one link whose replies have not come: all the permits that a limiter can have.
  package static let linkRequestsMax = 1 << 20
  /// Requests for which room is kept while nothing is in flight.
  package static let linkRequestsKeptMax = 1 << 10
  /// Bytes of requests that wait for a link to be connected for the first time.
  package static let linkWaitingBytesMax = 64 * 1024 * 1024
  /// A link's own output that stays allocated.
  package static let linkOutgoingKeptMax = 64 * 1024

  /// A reply in a greeting: `INFO server` and the reply to `HELLO` are below 2 KiB.
  package static let greetingReplyBytesMax = 64 * 1024
  /// A reply to what the proxy asks for itself. That to `COMMAND` is the longest, some 300 KB, and more with modules.
  static let answerBytesMax = 4 * 1024 * 1024
  /// A reply that is built as a tree: Redis's largest string and what frames it.
  package static let replyTreeBytesMax = 512 * 1024 * 1024 + 64 * 1024
  /// A key in an invalidation. A longer one is not looked for: everything is invalidated instead.
  package static let invalidatedKeyBytesMax = 1024 * 1024
  /// What must have come of a push to know what it is.
  package static let pushHeadBytesMax = 64
  /// A held value or a collected reply that stays allocated.
  package static let linkHeldKeptMax = 64 * 1024

  /// Silence after which a link with nothing in flight is asked whether it still lives: below the
  /// memory of any address translation on the way.
  package static let linkPingInterval = Duration.seconds(15)
  /// How long that may stay unanswered. A busy script is answered for with BUSY after five seconds,
  /// and a dead peer is found by TCP before; this is for those who answer for a dead peer.
  package static let linkPingTimeout = Duration.seconds(60)

  /// What waits to be sent over a shared link before those who would add to it have to wait.
  package static let sharedUnsentBytesMax = 16 * 1024 * 1024
  /// A longer request takes a link of its client's own.
  package static let sharedRequestBytesMax = 1024 * 1024
  /// A shared link that has waited for longer takes no new requests while another is ready: Redis holds back
  /// what it is to answer, and would hold back those too.
  package static let linkHeldUpMin = Duration.milliseconds(20)

  /// How long Redis may leave everything unanswered before it counts as away. A link that alone is silent for so
  /// long is given up, where Redis answers over others and holds nothing back.
  package static let redisSilenceMax = Duration.seconds(5)
  /// Looks at silent links within that time.
  static let silenceLooks = 5
  /// Between two looks whether there is room again on a link over which too much waits to be sent.
  static let linkRoomPause = Duration.milliseconds(5)
  /// Those who are told in one look while some link is full.
  static let roomOffersMax = 64

  /// What the bounds of links owe to each other.
  package static var linkRelationsHold: Bool {
    backoffFirstMax <= backoffMax && backoffMax <= backoffRefused
      && linkRequestsKeptMax <= linkRequestsMax && limiterPermitsMax <= linkRequestsMax
      && linkPingInterval < linkPingTimeout && pushHeadBytesMax < greetingReplyBytesMax
      && argumentBufferedMax < sharedRequestBytesMax && sharedRequestBytesMax < sharedUnsentBytesMax
      && sharedUnsentBytesMax + sharedRequestBytesMax < linkWaitingBytesMax
      && linkWaitingBytesMax < connectionOutputBytesMax
  }
}

extension Limits {  // The heart
  /// Requests of one client that wait for Redis; past it the client is not read.
  package static let journeysMax = 4_096
  /// Bytes of those requests.
  package static let journeyBytesMax = 8 * 1024 * 1024
  /// Keys of a request that are told from others'; one with more is ordered against all of its client's.
  package static let journeyKeysMax = 256
  /// Loops of one proxy.
  package static let workersMax = 1_024
  /// A reply that is withheld until its invalidations are applied.
  package static let withheldBytesMax = 256 * 1024 * 1024
  /// Fetches that the clients of one worker wait for.
  package static let workerReadsMax = 1 << 20
  /// For how long a write of unknown outcome keeps its keys from the cache: a server that has the request
  /// but lost the connection executes it within this, or is asleep.
  package static let unknownWriteHold = Duration.seconds(5)
  /// How long it is remembered that a key is absent where Redis does not say when that changes.
  package static let absentUntrackedMax = Duration.seconds(1)
  /// Idle pinned links kept per worker.
  package static let pinnedIdleMax = 64
}

extension Limits {  // The client
  /// Loops of one client; each has a link of its own.
  package static let redisClientLoopsMax = 64
  /// Requests of one loop of a client without a reply.
  package static let redisClientRequestsMax = 1 << 20
  /// Requests for which a loop keeps room while none is in flight.
  package static let redisClientRequestsKeptMax = 1 << 10
  /// Bytes of requests that wait to be sent by one loop.
  package static let redisClientWaitingBytesMax = 128 * 1024 * 1024
  /// A buffer of requests that stays allocated.
  package static let redisClientWaitingKeptMax = 256 * 1024
  /// A client's name: Redis has no limit of its own.
  package static let redisClientNameBytesMax = 256
  /// Word that there is something to do; the next is sent only after the last was taken.
  package static let redisClientBellsMax = 4
  /// How long a client that is closed waits for replies.
  package static let redisClientFarewellMax = Duration.seconds(5)

  /// What the bounds of clients owe to each other.
  package static var redisClientRelationsHold: Bool {
    redisClientRequestsMax <= linkRequestsMax
      && redisClientRequestsKeptMax <= redisClientRequestsMax
      && redisClientWaitingKeptMax <= redisClientWaitingBytesMax
      // The connection's own limit would end it, and with it all requests on it.
      && 2 * redisClientWaitingBytesMax <= connectionOutputBytesMax
      && redisClientWaitingBytesMax < argumentBytesMax
  }
}

extension Limits {  // What clients and databases cost together
  /// Answers that wait for all clients of all fronts; past it the client that waits for most is closed.
  package static let clientOutputSumMax = 4 << 30
  /// The share of that sum which may come on top of it while all loops are asked who that is: past it a loop
  /// closes one that has so much without asking others.
  package static let outputExcessShare = 16
  /// What a name that is kept for a client takes besides its bytes: a channel, a key that a transaction names.
  package static let keptNameOverhead = 64
  /// A link to another database than the one that clients start in is closed when nothing was asked of it
  /// for so long.
  package static let linkIdleMax = Duration.seconds(300)
  /// Looks at such links within that time.
  package static let linkIdleLooks = 4
  /// Databases whose values a loop fetches for its cache; those of others are read, and not kept.
  package static let fillLinksMax = 256
  /// Links of a loop that clients share: of each database, version and strand in use one, and a spare.
  package static let sharedLinksMax = sharedLinksPerDatabase * fillLinksMax + 1
  package static let sharedLinksPerDatabase = 2 * 2 * 3
  /// The time between two looks of a loop for another server.
  package static let probePause = Duration.seconds(1)

  /// What these owe to each other.
  package static var sharingRelationsHold: Bool {
    sessionOutputBytesMax <= clientOutputSumMax && httpOutputBytesMax <= clientOutputSumMax
      && linkIdleLooks >= 1 && fillLinksMax >= databasesMax
  }
}

extension Limits {  // The admin listener
  /// Connections; those past it are told so.
  package static let adminConnectionsMax = 64
  /// What waits on one to be sent: a response or two.
  package static let adminOutputBytesMax = 4 * 1024 * 1024
  /// For how long a loop that tells nothing of itself is waited for.
  package static let adminPatience = Duration.seconds(5)
  /// Hot keys that are told of, and for how long what was told once is told again.
  package static let adminHotKeysMax = 20
  package static let adminHotKeysAge = Duration.milliseconds(500)
  /// What `proxyd top` takes for an answer, how deep, and how long it waits for one.
  package static let topAnswerBytesMax = 4 * 1024 * 1024
  package static let topNestingMax = 16
  package static let topPatience = Duration.seconds(6)
  /// What is read of a file of the system's.
  package static let processFileBytesMax = 4 * 1024

  /// What these owe to each other.
  package static var adminRelationsHold: Bool {
    adminPatience < httpIdleMax && adminPatience < topPatience && adminHotKeysMax <= hotKeyPlaces
      && adminHotKeysMax * hotKeyBytesMax * 8 < adminOutputBytesMax
      && adminConnectionsMax * adminOutputBytesMax <= clientOutputSumMax
  }
}

extension Limits {  // Logs
  /// What a line is at most, with everything in it escaped.
  package static let logLineBytesMax = 24 * 1024
  /// What a message may have, and a name or a key in the access log; the rest is cut off.
  package static let logMessageBytesMax = 2_048
  package static let logNameBytesMax = 512
  /// Lines that wait to be written, of the program; past it they are counted instead.
  package static let logBytesMax = 1024 * 1024
  /// The same for the requests of a loop.
  package static let accessLogBytesMax = 4 * 1024 * 1024
  /// What stays allocated of such a buffer while nothing waits.
  package static let logBytesKeptMax = 64 * 1024
  /// What a pipe takes as a whole, so that lines of others do not end up within one.
  static let logPipeBytesMax = 4_096
  /// What is written at once to anything else.
  static let logWriteBytesMax = 256 * 1024
  /// Between two rounds of writing requests down, so that many are written at once.
  package static let accessLogPause = Duration.milliseconds(5)
  /// How long what waits may still be written at the end.
  package static let logFlushMax = Duration.seconds(1)
  /// Lines of one kind that are said within the time; the rest are counted, and told of at its end.
  package static let logRepeatsMax = 5
  package static let logRepeatsPeriod = Duration.seconds(60)

  /// What these owe to each other.
  package static var logRelationsHold: Bool {
    // Of a byte, JSON makes six at most.
    logMessageBytesMax * 6 + logNameBytesMax * 2 * 6 + 1_024 <= logLineBytesMax
      && logLineBytesMax < logBytesMax
      && logLineBytesMax < accessLogBytesMax && logBytesKeptMax < logBytesMax
      && logPipeBytesMax <= logWriteBytesMax && logRepeatsMax >= 1
  }
}
