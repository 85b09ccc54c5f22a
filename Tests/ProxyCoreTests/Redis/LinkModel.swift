import TestSupport

@testable import ProxyCore

/// What a link must report, by the simplest means: a list of requests, and for every stretch of the
/// server's bytes the line that must be in the log once the stretch has arrived.
struct LinkModel {
  struct Request {
    let token: UInt64
    let delivery: LinkDelivery
    var wasSent = false
  }

  private(set) var requests: [Request] = []
  /// What the server will have sent, and what of it has arrived.
  private(set) var stream: [UInt8] = []
  private var arrived = 0
  /// Where a line becomes due.
  private var due: [(end: Int, line: String)] = []
  /// Requests that the server has answered in `stream`.
  private var answered = 0
  private var nextToken: UInt64 = 1
  private let isFill: Bool

  init(isFill: Bool) { self.isFill = isFill }

  mutating func submit(_ generator: inout SeededGenerator) -> Request {
    let deliveries: [LinkDelivery] = [
      isFill ? .fill : .tree, .relay, .discard, .answer, .treeAfter(2), .fill,
    ]
    let delivery = deliveries[Int.random(in: 0..<deliveries.count, using: &generator)]
    let request = Request(token: nextToken, delivery: delivery)
    nextToken += 1
    requests.append(request)
    return request
  }

  mutating func noteSent() {
    for index in requests.indices { requests[index].wasSent = true }
  }

  /// The server says something: the reply to the next request, mostly.
  mutating func speak(_ generator: inout SeededGenerator) {
    if isFill && Int.random(in: 0..<4, using: &generator) == 0 { push(&generator) }
    guard answered < requests.count, requests[answered].wasSent else { return }
    let request = requests[answered]
    answered += 1
    switch request.delivery {
    case .fill: answerFill(request, &generator)
    case .relay:
      let reply = Self.reply(&generator)
      say(reply, "reply \(request.token) \(shown(bytes(reply))) end")
    case .discard:
      let reply = Self.reply(&generator)
      say(reply, "answered \(request.token)\(reply.hasPrefix("-") ? " with an error" : "")")
    case .tree, .answer, .treeAfter, .confirmations, .transaction:
      if case .treeAfter(let count) = request.delivery {
        for _ in 0..<count { say(Self.reply(&generator), nil) }
      }
      say(
        "*2\r\n:\(request.token)\r\n*1\r\n+x\r\n", "tree \(request.token) [\(request.token), [x]]")
    }
  }

  private mutating func answerFill(_ request: Request, _ generator: inout SeededGenerator) {
    let size = Int.random(in: 0...40, using: &generator)
    let value = String(repeating: "v", count: size)
    let said: String
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      say("_\r\n", nil)
      said = "absent"
    case 1:
      say("-E x\r\n", nil)
      said = "-E x"
    default:
      say("$\(size)\r\n\(value)\r\n", nil)
      said = size > 32 ? "oversized(\(size))" : value
    }
    if Bool.random(using: &generator) { push(&generator) }
    say(":\(size)\r\n", "filled \(request.token) \(said) milliseconds(\(size))")
  }

  private mutating func push(_ generator: inout SeededGenerator) {
    guard isFill else { return }
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: say(">2\r\n$10\r\ninvalidate\r\n_\r\n", "invalidated all")
    case 1: say(">2\r\n+other\r\n*1\r\n$30\r\n\(String(repeating: "\r", count: 30))\r\n", nil)
    default:
      let keys = Int.random(in: 0...3, using: &generator)
      say(">2\r\n$10\r\ninvalidate\r\n*\(keys)\r\n", nil)
      for key in 0..<keys { say("$2\r\nk\(key)\r\n", "invalidated k\(key)") }
    }
  }

  private mutating func say(_ text: String, _ line: String?) {
    stream += bytes(text)
    if let line { due.append((stream.count, line)) }
  }

  private static func reply(_ generator: inout SeededGenerator) -> String {
    let replies = [
      "+OK\r\n", "-ERR x\r\n", "$3\r\n>1\r\r\n", "*2\r\n$-1\r\n*1\r\n:1\r\n", "%0\r\n",
    ]
    return replies[Int.random(in: 0..<replies.count, using: &generator)]
  }

  /// The next bytes arrive. Returns them and what must be reported of them.
  mutating func deliver(_ generator: inout SeededGenerator) -> (bytes: [UInt8], lines: [String]) {
    let end = min(stream.count, arrived + Int.random(in: 0...30, using: &generator))
    let piece = Array(stream[arrived..<end])
    arrived = end
    let count = due.prefix { $0.end <= end }.count
    let lines = due.prefix(count).map(\.line)
    due.removeFirst(count)
    for _ in lines.filter({ !$0.hasPrefix("invalidated") }) {
      requests.removeFirst()
      answered -= 1
    }
    return (piece, lines)
  }

  /// The connection ends where it is. Returns how what is in flight must fail.
  mutating func lose() -> [String] {
    defer { self = LinkModel(isFill: isFill, nextToken: nextToken) }
    return requests.map { "failed \($0.token) \($0.wasSent ? "sent" : "unsent")" }
  }

  private init(isFill: Bool, nextToken: UInt64) {
    self.isFill = isFill
    self.nextToken = nextToken
  }
}
