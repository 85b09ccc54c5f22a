internal import ProxyCore

/// An `MGET` with elements that were not in memory: it waits for each of these as a `GET` would, and
/// is answered as a whole.
final class MultipleGet: Caller {
  /// How it ended.
  enum MultipleGetOutcome {
    case whole
    /// Redis's error, as the reply to all of it.
    case error([UInt8])
    case failed(ProxyError)
    /// There is more of it than is put together here: Redis is asked.
    case large
  }

  /// An element that was not in memory.
  struct Gap {
    /// Its argument in the request.
    let argument: Int
    /// Where it belongs among those that were.
    let offset: Int
    var value: [UInt8]?
  }

  let ticket: UInt64
  /// The request as Redis takes it.
  let request: [UInt8]
  private let session: RESPSession
  private let count: Int
  /// The elements that were in memory, as they are sent.
  private let known: [UInt8]
  private var gaps: [Gap]
  private var awaited: Int
  private var bytes: Int
  private(set) var hasEnded = false

  init(
    _ session: RESPSession, ticket: UInt64, request: RawSpan, count: Int, known: RawSpan,
    gaps: [Gap]
  ) {
    self.session = session
    self.ticket = ticket
    self.request = request.array
    self.count = count
    self.known = known.array
    self.gaps = gaps
    awaited = gaps.count
    bytes = known.byteCount
  }

  /// The element of a gap has come.
  func fetched(
    _ gap: UInt64, _ outcome: FetchOutcome, _ notes: FetchNotes, _ bytes: RawSpan,
    shared: SharedBlock?, now: Moment
  ) {
    if hasEnded { return }
    switch outcome {
    case .value:
      gaps[Int(clamping: gap)].value = bytes.array
      self.bytes += bytes.byteCount
      if self.bytes > Limits.multipleGetBytesMax { return end(.large, now: now) }
    case .absent: break
    // Of a list or a hash there is no value.
    case .error where bytes.begins(with: "WRONGTYPE"): break
    case .error: return end(.error(bytes.array), now: now)
    case .failed(let error): return end(.failed(error), now: now)
    case .large: return end(.large, now: now)
    }
    awaited -= 1
    if awaited == 0 { end(.whole, now: now) }
  }

  private func end(_ outcome: MultipleGetOutcome, now: Moment) {
    hasEnded = true
    session.gathered(self, outcome, now: now)
  }

  /// The reply, whose elements are all there.
  func write(to output: inout ByteBuffer, _ version: RESPVersion) {
    output.appendArrayHeader(count: count)
    let known = known
    var offset = 0
    for gap in gaps {
      output.append(known.rawSpan.extracting(offset..<gap.offset))
      offset = gap.offset
      if let value = gap.value { output.appendBulk(value) } else { output.appendNull(version) }
    }
    output.append(known.rawSpan.extracting(offset..<known.count))
  }

  func failed(_ ticket: UInt64, because error: ProxyError, now: Moment) {}
  func admitted(_ ticket: UInt64, _ error: LimiterError?, now: Moment) {}
}
