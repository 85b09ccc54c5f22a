private import Glibc
import ProxyCore

/// One direction of one relayed connection: a queue of pieces between a source and a sink.
struct RelayLane {
  /// How a lane treats its bytes.
  struct Manner {
    var delay = Duration.zero
    /// Up to so much more, another time for each piece and each connection.
    var jitter = Duration.zero
    var sliceBytes = 0
    var isStalled = false
  }

  private struct Piece {
    var bytes: ArraySlice<UInt8>
    let due: Moment
  }

  private var pieces: [Piece] = []
  private var bytesHeld = 0
  private var sliceNext = Moment(nanoseconds: 0)
  /// The source has no more, or is not listened to any more.
  private(set) var isSourceDone = false
  /// The sink takes no more: it was told the end, or is gone.
  private(set) var isSinkDone = false
  /// The sink is not told that the source has ended.
  private(set) var isSecretive = false

  /// Nothing is passed on any more.
  var isFrozen = false

  /// A sender is read only while less than this is held.
  private static let bytesMax = 1 << 20
  private static let sliceGap = Duration.microseconds(200)

  var wantsToRead: Bool { !isSourceDone && bytesHeld < Self.bytesMax }

  /// When there will be something to write; nil if that depends on somebody else.
  func writeMoment(_ manner: Manner) -> Moment? {
    guard !isSinkDone, !manner.isStalled, !isFrozen else { return nil }
    guard let first = pieces.first else {
      return isSourceDone && !isSecretive ? Moment(nanoseconds: 0) : nil
    }
    return manner.sliceBytes > 0 ? max(first.due, sliceNext) : first.due
  }

  /// Reads once. False if the source was reset.
  mutating func read(from source: Int32, _ manner: Manner) -> Bool {
    guard let bytes = try? Loopback.receive(from: source) else {
      isSourceDone = true
      return false
    }
    if bytes.isEmpty {
      isSourceDone = true
    } else if !isSinkDone {
      let due = Moment.now.advanced(by: manner.delay + manner.jitter * Double.random(in: 0...1))
      // In order, whatever the dice say.
      pieces.append(Piece(bytes: bytes[...], due: max(due, pieces.last?.due ?? due)))
      bytesHeld += bytes.count
    }
    return true
  }

  /// Writes once what is due; the end after the last of it. False if the sink is gone.
  mutating func write(to sink: Int32, _ manner: Manner, now: Moment) -> Bool {
    guard let moment = writeMoment(manner), moment <= now else { return true }
    guard let first = pieces.first else {
      finish(sink)
      return true
    }
    let limit = manner.sliceBytes > 0 ? manner.sliceBytes : first.bytes.count
    let sent = unsafe first.bytes.prefix(limit).withUnsafeBytes {
      unsafe send(
        sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
    if sent < 0 { return errno == EAGAIN || errno == EINTR }
    bytesHeld -= sent
    pieces[0].bytes = first.bytes.dropFirst(sent)
    if pieces[0].bytes.isEmpty { pieces.removeFirst() }
    sliceNext = now.advanced(by: Self.sliceGap)
    return true
  }

  /// Tells the sink the end of the stream, dropping what was held.
  mutating func finish(_ sink: Int32) {
    abandon()
    shutdown(sink, Int32(SHUT_WR))
  }

  /// The sink is gone: what still comes is dropped.
  mutating func abandon() {
    pieces.removeAll()
    bytesHeld = 0
    isSinkDone = true
  }

  /// The source is gone, and the sink is to believe that it is silent.
  mutating func loseSource() {
    isSourceDone = true
    isSecretive = true
  }
}
