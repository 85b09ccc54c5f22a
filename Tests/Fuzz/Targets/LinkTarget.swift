import ProxyCore
import TestSupport

/// A connection to a Redis that says whatever it likes: every request ends once, and what is reported
/// does not depend on how the bytes were cut.
enum LinkTarget {
  static func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let roles: [LinkRole] = [.fill, .shared(.three), .shared(.two), .pinned(.three), .control]
    let role = roles[Int(first >> 1) % roles.count]
    // Half of the inputs speak to a link that has been greeted.
    let stream = (first & 1 == 0 ? Array(greeting.utf8) : []) + input.dropFirst()
    let whole = log(role, stream, [stream.count])
    for pieces in pieces(of: stream) {
      let cut = log(role, stream, pieces)
      demand(cut == whole, "\(role): \(cut) in \(pieces), \(whole) at once")
    }
  }

  private static let greeting =
    "%4\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:3\r\n"
    + "$4\r\nrole\r\n$6\r\nmaster\r\n"

  /// All that a link reports of `stream`.
  private static func log(_ role: LinkRole, _ stream: [UInt8], _ pieces: [Int]) -> [String] {
    var script = LinkScript(role)
    var left: [UInt8] = []
    var start = 0
    for piece in pieces {
      let end = min(stream.count, start + piece)
      guard script.takes(left + stream[start..<end], &left) else { return script.close() }
      start = end
    }
    return script.close()
  }
}

/// A link with some requests, and everything that it reports as text.
private struct LinkScript: ~Copyable {
  private var link: Link
  private var log: [String] = []
  /// A relayed reply whose end has not come.
  private var partial: [UInt8] = []
  private var ended: [UInt64: Int] = [:]
  private var submitted: UInt64 = 0
  private let now = Moment(nanoseconds: 1_000_000_000)

  init(_ role: LinkRole) {
    var profile = LinkProfile(role: role, url: RedisURL(host: "h"))
    profile.valueBytesMax = 100
    profile.treeBytesMax = 10_000
    link = Link(profile, backoff: Backoff(seed: 1))
    _ = link.start(now: now)
    _ = link.connected(now: now)
    if role == .fill {
      for _ in 0..<4 {
        submit { (link, token) throws(RedisError) in
          try link.submitFill(token, key: Array("key".utf8).rawSpan)
        }
      }
    }
    for delivery: LinkDelivery in [
      .relay, .tree, .discard, .treeAfter(2), .confirmations(2), .relay, .answer,
    ] {
      submit { (link, token) throws(RedisError) in
        try link.submit(token, delivery, Array("*1\r\n$4\r\nPING\r\n".utf8).rawSpan)
      }
    }
  }

  private mutating func submit(
    _ body: (inout Link, LinkToken) throws(RedisError) -> Void
  ) {
    do throws(RedisError) {
      try body(&link, LinkToken(submitted + 1))
      submitted += 1
    } catch {
      log.append("\(error.reason)")
    }
    var output = ByteBuffer()
    link.takeOutgoing(into: &output)
  }

  /// Whether the link goes on after these bytes; what it has left comes again with more.
  mutating func takes(_ bytes: [UInt8], _ left: inout [UInt8]) -> Bool {
    var position = 0
    while true {
      let event = link.read(bytes.rawSpan, at: &position, now: now)
      demand(position >= 0 && position <= bytes.count, "\(position) of \(bytes.count)")
      note(event, bytes)
      switch event {
      case .lost, .drained: return false
      case .needsMore(let count):
        demand(count >= 1, "a hint of \(count)")
        left = Array(bytes[position...])
        var output = ByteBuffer()
        link.takeOutgoing(into: &output)
        return true
      default: break
      }
    }
  }

  private mutating func note(_ event: LinkEvent, _ bytes: [UInt8]) {
    switch event {
    case .needsMore: return
    case .invalidated(let range): log.append("invalidated \(Array(bytes[range]))")
    case .filled(let token, let value, let lifetime):
      if case .value(let content) = value {
        let held = link.content(content, in: bytes.rawSpan).array
        log.append("filled \(token) \(held) \(lifetime)")
      } else if case .error(let content) = value {
        let held = link.content(content, in: bytes.rawSpan).array
        log.append("filled \(token) error \(held)")
      } else {
        log.append("\(event)")
      }
      end(token)
    case .piece(let piece), .unasked(let piece):
      // Pieces of one reply are one line, so that cuts do not show.
      partial = (piece.isFirst ? [] : partial) + bytes[piece.bytes]
      if piece.isLast { log.append("\(piece.token) \(partial) \(piece.endsRequest)") }
      if piece.endsRequest { end(piece.token) }
    case .tree(let token):
      do throws(RedisError) {
        log.append("\(token) \(try link.takeTree())")
      } catch {
        log.append("\(token) \(error.reason)")
      }
      end(token)
    case .answered(let token, _):
      log.append("\(event)")
      end(token)
    case .lost: log.append("\(link.failure.map { "\($0.reason)" } ?? "lost")")
    default: log.append("\(event)")
    }
  }

  private mutating func end(_ token: LinkToken) {
    if token.value > 0 { ended[token.value, default: 0] += 1 }
  }

  /// The end of the connection, after which every request has ended, once.
  mutating func close() -> [String] {
    _ = link.close(now: now)
    while let failed = link.removeFailed() { end(failed.token) }
    for token in 0..<submitted {
      let count = ended[token + 1] ?? 0
      demand(count == 1, "request \(token + 1) ended \(count) times: \(log)")
    }
    return log
  }
}
