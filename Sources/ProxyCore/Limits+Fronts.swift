// What the fronts bound, and what is kept of their clients and for them: see `Limits`.

extension Limits {  // The RESP front
  /// Databases that `SELECT` knows, as Redis's own default has it.
  package static let databasesMax = 16
  /// Arguments for which an idle session keeps room.
  package static let sessionArgumentsKeptMax = 64
  /// Replies that wait for a client past this close its connection.
  package static let sessionOutputBytesMax = 1 << 30
  /// How long a client waits to hear whether Redis lets it manage the proxy: while Redis stands still, what it
  /// said last holds, so that operators see what is going on.
  package static let rightsPatience = Duration.milliseconds(250)
  /// A session's scratch memory that stays allocated.
  package static let sessionScratchKeptMax = 16 * 1024
  /// Places for replies that an idle session keeps.
  package static let sessionSlotsKeptMax = 256
  /// Bytes of the keys that a transaction has named, for its EXEC; past it every key counts as one.
  package static let queuedKeyBytesMax = 1024 * 1024
  /// A request that is waited for as a whole where only all of its arguments tell its keys; a larger one, or one with
  /// more arguments, is taken for a write of any key.
  package static let argumentsBufferedMax = 16_384
  package static let requestBufferedMax = 32 * 1024 * 1024
  /// Bytes of incomplete requests, over all clients and fronts. Past it the client with the most is refused. A
  /// client's first `inputUncountedMax` bytes are not counted.
  package static let clientInputSumMax = 1 << 30
  package static let inputUncountedMax = 16 * 1024
  /// Bytes on their way to one side past which the other is not read: large values pass in pieces.
  package static let relayedBytesMax = 1024 * 1024
}

extension Limits {  // The HTTP front
  /// A request line, without what ends it: 414 past it.
  package static let httpLineBytesMax = 32 * 1024
  /// All header lines of a request, or all trailers, with what ends them: 431 past it.
  package static let httpFieldBytesMax = 31 * 1024
  /// How many lines of either: 431 past it.
  package static let httpFieldsMax = 128
  /// A body that is discarded is read up to here; past it the connection is closed.
  package static let httpBodyDiscardedMax = 1024 * 1024
  /// A body that is a value: Redis's largest. 413 past it.
  package static let httpBodyBytesMax = argumentBytesMax
  /// The line before a chunk, with its extensions.
  package static let httpChunkLineBytesMax = 256
  /// What chunks may bring beside their contents, over what their contents pay for.
  package static let httpChunkOverheadMax = 16 * 1024
  /// What every chunk may bring beside its contents: as many bytes as those, and this.
  package static let httpChunkOverheadFree = 16
  /// The longest time to live that a client can give a value, in seconds: a hundred years.
  package static let httpTimeToLiveMax = 3_155_760_000
  /// Tags of this server's kind in one condition: 400 past it.
  package static let httpTagsMax = 8
  /// A password, or the user name and the password, that a client gives: 401 past it.
  package static let httpCredentialBytesMax = 4 * 1024
  /// Origins that browsers may come from.
  package static let httpOriginsMax = 64
  /// Seconds after which a client may try again that was turned away because too much was under way.
  package static let httpRetrySeconds = 1
  /// Seconds for which a browser remembers what it may send.
  package static let httpPreflightSeconds = 600

  /// What the bounds of HTTP owe to each other: a whole head lies in what is received at once.
  package static var httpRelationsHold: Bool {
    httpLineBytesMax + httpFieldBytesMax + 4 < scratchBytes
      && httpChunkLineBytesMax < httpChunkOverheadMax
      && httpBodyDiscardedMax <= httpBodyBytesMax && httpBodyBytesMax <= argumentBytesMax
      && httpCredentialBytesMax < httpFieldBytesMax && httpTagsMax <= UInt8.bitWidth
  }
}

extension Limits {  // Clients in a list
  /// Clients that are looked at in one turn of a loop, be it for a list, to end some, or for idle ones.
  package static let rosterSliceMax = 256
  /// Places of clients that have gone which a loop keeps although it has fewer who are there.
  package static let rosterLeftMax = 16
  /// Looks at the idle clients of a loop within their timeout: each slice is one of these.
  package static let idleSlices = 10
  /// The time between slices, at least and at most.
  package static let idlePauseMin = Duration.milliseconds(10)
  package static let idlePauseMax = Duration.seconds(1)
  /// Clients of a loop and a front that were turned away and are still being told why; others are only closed.
  /// Each holds a descriptor meanwhile, which accepted clients must not lack.
  package static let refusalsMax = 16

  /// What these owe to each other.
  package static var rosterRelationsHold: Bool {
    idlePauseMin < idlePauseMax && rosterSliceMax >= 1 && idleSlices >= 1
  }
}

extension Limits {  // HTTP sessions
  /// When the program ends, a client that was answered so recently may be about to ask for something else.
  package static let httpFarewellPause = Duration.milliseconds(100)
  /// A connection on which nothing happens is closed after so long.
  package static let httpIdleMax = Duration.seconds(75)
  /// From a head's first byte to its last.
  package static let httpHeadMax = Duration.seconds(10)
  /// A body must bring so many bytes in each such time, or its end.
  package static let httpBodyPeriod = Duration.seconds(10)
  package static let httpBodyBytesMin = 10 * 1024
  /// In each such time something of a large value must move towards the client.
  package static let httpDeliveryPeriod = Duration.seconds(30)
  /// A value that comes without its length is collected up to here: Redis wants the length first.
  package static let httpBodyCollectedMax = 32 * 1024 * 1024
  /// Responses that wait for a client past this close its connection.
  package static let httpOutputBytesMax = 1 << 30
  /// Responses to what has come at once; past it they leave before the next request is looked at.
  package static let httpBatchOutputBytesMax = 1024 * 1024
  /// A key's bytes for which a loop keeps room between requests.
  package static let httpKeyKeptMax = 4 * 1024
  /// What may be behind the target of a request, bytes of it, to be known again.
  package static let httpHeadKeptMax = 1024
  /// The first line of a reply that is relayed; of a longer error the rest is not told.
  package static let httpReplyLineBytesMax = 1024

  /// What the bounds of HTTP sessions owe to each other.
  package static var httpSessionRelationsHold: Bool {
    httpBodyDiscardedMax <= httpBodyCollectedMax && argumentBufferedMax <= httpBodyCollectedMax
      && httpBodyCollectedMax <= httpBodyBytesMax && httpHeadMax < httpIdleMax
      && relayedBytesMax < httpOutputBytesMax && argumentBytesMax < httpOutputBytesMax
      && httpBatchOutputBytesMax < httpOutputBytesMax
  }
}

extension Limits {  // Settings that change
  /// Changed options that wait for a loop of the HTTP front; an operator sends one at a time.
  package static let httpOptionsMailMax = 64
}

extension Limits {  // Keys that are read often
  /// Keys that a loop remembers, and how many of them compete for a place.
  package static let hotKeyPlaces = 512
  package static let hotKeyWays = 8
  /// What is kept of a key.
  package static let hotKeyBytesMax = 128
  /// Reads for each that is noted, on average, where there are very many.
  package static let hotKeyGapMax: UInt32 = 64
  /// Reads that are noted in a second before fewer of them are.
  package static let hotKeyNotesPerSecond = 1_024
  /// After so long a read counts half.
  package static let hotKeyHalfLife = Duration.seconds(60)

  /// What these owe to each other: a set of places is chosen by bits of a hash.
  package static var hotKeyRelationsHold: Bool {
    let sets = hotKeyPlaces / hotKeyWays
    return sets * hotKeyWays == hotKeyPlaces && sets & (sets - 1) == 0 && hotKeyGapMax >= 1
      && hotKeyGapMax < UInt32(Int32.max / 2) && hotKeyHalfLife >= .seconds(1)
  }
}

extension Limits {  // Requests that took long
  /// How many are remembered.
  package static let slowRequestsMax = 10_000
  /// What is remembered of each, as Redis does: arguments, the last one telling how many more there
  /// were, and bytes of an argument.
  package static let slowArgumentsMax = 32
  package static let slowArgumentBytesMax = 128
  /// What is noted of a client's requests while they are under way; past it, commands' names only.
  package static let ledgerBytesMax = 128 * 1024
  /// What stays allocated for that while nothing is under way.
  package static let ledgerBytesKeptMax = 1024

  /// What these owe to each other.
  package static var slowRelationsHold: Bool {
    slowArgumentsMax >= 2 && slowArgumentsMax * slowArgumentBytesMax <= ledgerBytesMax
      && ledgerBytesKeptMax <= ledgerBytesMax
  }
}

extension Limits {  // MGET from memory
  /// Keys of one that is answered from memory; Redis answers those with more.
  package static let multipleGetKeysMax = 256
  /// Bytes of values that are put together for one; past it Redis answers.
  package static let multipleGetBytesMax = 8 * 1024 * 1024
  /// What a key of one takes of its client's limit, beside its own bytes.
  package static let multipleGetKeyBytes = 64

  /// What these owe to each other.
  package static var multipleGetRelationsHold: Bool {
    multipleGetKeysMax * multipleGetKeyBytes < journeyBytesMax
      && multipleGetKeysMax <= journeyKeysMax
      && multipleGetBytesMax < sessionOutputBytesMax
  }
}
