import ProxyCore

@testable import RESPFront

/// What a client hears who sends `input`: all at once or in pieces.
struct Conversation: Equatable {
  var replies: [UInt8] = []
  var isFinished = false
  var isAborted = false

  init(_ input: [UInt8], pieces: Int = .max, id: Int = 1, redisVersion: String = "7.0.15") {
    var dialogue = Dialogue(ClientState(id: id, greeting: ServerGreeting(version: redisVersion)))
    var output = ByteBuffer()
    var waiting: [UInt8] = []
    var needed = 0
    var sent = 0
    while sent < input.count, !isFinished, !isAborted {
      let piece = input[sent..<min(input.count, sent + min(pieces, input.count))]
      waiting += piece
      sent = piece.endIndex
      if waiting.count < needed { continue }
      switch unsafe dialogue.take(waiting.span.bytes, output: &output) {
      case .taken(let count, let needing):
        waiting.removeFirst(count)
        needed = needing
      case .finished: isFinished = true
      case .aborted: isAborted = true
      }
    }
    // What was not sent when the connection is cut never is.
    if !isAborted { replies = output.bytes.array }
  }

  /// The replies as text, with their line ends shown.
  static func text(_ input: String, pieces: Int = .max) -> String {
    shown(Conversation(Array(input.utf8), pieces: pieces).replies)
  }
}

func shown(_ bytes: [UInt8]) -> String {
  String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "␍")
}

/// A request as client libraries send it.
func multibulk(_ words: [[UInt8]]) -> [UInt8] {
  words.reduce(Array("*\(words.count)\r\n".utf8)) { request, word in
    request + Array("$\(word.count)\r\n".utf8) + word + [13, 10]
  }
}

func multibulk(_ words: String...) -> [UInt8] { multibulk(words.map { Array($0.utf8) }) }
