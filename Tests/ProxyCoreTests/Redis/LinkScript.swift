import TestSupport

@testable import ProxyCore

/// A link and the network that it sees, with everything that happens written down as text.
final class LinkScript {
  var link: Link
  var now = Moment(nanoseconds: 1_000_000_000)
  private(set) var log: [String] = []
  /// A relayed reply whose end has not come.
  private var partial = ""
  /// What arrived and was not taken.
  private var left: [UInt8] = []

  init(_ role: LinkRole, _ url: RedisURL = RedisURL(host: "h"), valueMax: Int = 1024) {
    var profile = LinkProfile(role: role, url: url)
    profile.valueBytesMax = valueMax
    profile.treeBytesMax = 100_000
    link = Link(profile, backoff: Backoff(seed: 1))
  }

  var isReady: Bool { link.isReady }
  var server: LinkServer { link.server }
  var failure: RedisError? { link.failure }
  var deadline: Moment { link.deadline }

  /// What the link has written since the last time, its commands separated by `|`.
  func sent() -> String {
    var output = ByteBuffer()
    link.takeOutgoing(into: &output)
    var words: [String] = []
    var parser = RequestParser()
    while case .command(let length) = parser.parse(output.bytes) {
      let command = (0..<parser.arguments.count).map {
        shown(parser.arguments.bytes($0, in: output.bytes).array)
      }
      words.append(command.joined(separator: " "))
      output.consume(length)
    }
    return words.joined(separator: "|")
  }

  func connect() {
    note(link.start(now: now), "start")
    note(link.connected(now: now), "connected")
  }

  func note(_ action: LinkAction, _ what: String) {
    if action != .proceed { log.append("\(what): \(action)") }
    if action == .abandon || action == .close { takeFailed() }
  }

  func takeFailed() {
    left = []
    if let failure = link.failure { log.append("\(failure.reason)") }
    while let request = link.removeFailed() {
      log.append("failed \(request.token.value) \(request.wasSent ? "sent" : "unsent")")
    }
  }

  /// Bytes from the peer, shown to the link in these pieces.
  func receive(_ text: String, pieces: [Int]? = nil) {
    receive(bytes(text), pieces: pieces)
  }

  func receive(_ bytes: [UInt8], pieces: [Int]? = nil) {
    var start = 0
    for piece in pieces ?? [bytes.count] {
      let end = min(bytes.count, start + piece)
      show(Array(bytes[start..<end]))
      start = end
    }
  }

  private func show(_ bytes: [UInt8]) {
    let input = left + bytes
    left = []
    let margin: [UInt8] = [0x2B, 0x0D, 0x0A, 0x24]
    let memory = margin + input + margin
    let arrived = unsafe memory.span.bytes.extracting(4..<memory.count - 4)
    var position = 0
    while true {
      let event = link.read(arrived, at: &position, now: now)
      if case .needsMore(let count) = event {
        if count < 1 { log.append("a hint of \(count)") }
        break
      }
      note(event, arrived)
      if event == .lost || event == .drained { return }
    }
    left = Array(input[position...])
  }

  private func note(_ event: LinkEvent, _ bytes: RawSpan) {
    func text(_ range: Range<Int>) -> String { shown(bytes.extracting(range).array) }
    switch event {
    case .needsMore: break
    case .ready: log.append("ready")
    case .invalidated(let key): log.append("invalidated \(text(key))")
    case .invalidatedAll: log.append("invalidated all")
    case .filled(let token, let value, let lifetime):
      log.append("filled \(token.value) \(Self.said(value, by: link, bytes)) \(lifetime)")
    case .piece(let piece): note(piece, "reply \(piece.token.value)", text(piece.bytes))
    case .unasked(let piece): note(piece, "unasked", text(piece.bytes))
    case .tree(let token):
      do throws(RedisError) {
        log.append("tree \(token.value) \(try link.takeTree())")
      } catch {
        log.append("tree \(token.value) \(error.reason)")
      }
    case .answered(let token, let isError):
      log.append("answered \(token.value)\(isError ? " with an error" : "")")
    case .drained: log.append("drained")
    case .lost:
      log.append(link.isClosed ? "closed" : "lost")
      takeFailed()
    }
  }

  private static func said(
    _ value: FilledValue, by link: borrowing Link, _ bytes: RawSpan
  ) -> String {
    switch value {
    case .value(let content): shown(link.content(content, in: bytes).array)
    case .error(let content): "-" + shown(link.content(content, in: bytes).array)
    case .absent, .oversized, .unexpected: "\(value)"
    }
  }

  /// Pieces of one reply are one line, so that splits do not show.
  private func note(_ piece: LinkPiece, _ what: String, _ text: String) {
    partial = (piece.isFirst ? "\(what) " : partial) + text
    if piece.isLast { log.append(partial + (piece.endsRequest ? " end" : " .")) }
  }

  func takeLog() -> [String] {
    defer { log = [] }
    return log
  }
}

/// Replies of a Redis 7 to a greeting.
enum Greetings {
  static let hello =
    "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n"
    + "$2\r\nid\r\n:3\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
    + "$7\r\nmodules\r\n*0\r\n"
  static let ok = "+OK\r\n"
  static let pong = "+PONG\r\n"
  static let unknown = "-ERR unknown command 'HELLO', with args beginning with: '3' \r\n"

  static func server(version: String = "7.0.15", runID: String = "abc") -> String {
    let text = "# Server\r\nredis_version:\(version)\r\nos:Linux x\r\nrun_id:\(runID)\r\n"
    return "$\(text.utf8.count)\r\n\(text)\r\n"
  }

  static let fill = hello + ok + ok + server() + pong
}
