import ProxyCore
import TestSupport
import Testing

@testable import RESPFront

@Suite struct DialogueTests {
  static let noLink = "-ERR proxyd has no link to Redis in this version␍"

  @Test func `commands for Redis are answered in their place`() {
    #expect(
      Conversation.text("PING\r\nGET a\r\nECHO b\r\nCLIENT LIST\r\n")
        == "+PONG␍\(Self.noLink)$1␍b␍\(Self.noLink)")
  }

  @Test func `what comes after QUIT is not executed`() {
    let conversation = Conversation(Array("PING\r\nQUIT\r\nPING\r\n".utf8))
    #expect(shown(conversation.replies) == "+PONG␍+OK␍")
    #expect(conversation.isFinished)
  }

  @Test func `the library's name is kept and checked`() {
    #expect(
      Conversation.text(
        """
        CLIENT SETINFO lib-name swift\r\nCLIENT SETINFO LIB-VER 1.0\r\nCLIENT SETINFO a b\r
        CLIENT SETINFO lib-name 'a b'\r\nCLIENT SETINFO lib-name\r\n
        """)
        == "+OK␍+OK␍-ERR Unrecognized option 'a'␍"
        + "-ERR lib-name cannot contain spaces, newlines or special characters.␍"
        + "-ERR wrong number of arguments for 'client|setinfo' command␍")
  }

  @Test func `who somebody is only Redis can tell`() {
    #expect(Conversation.text("HELLO 3 AUTH a b\r\n") == Self.noLink)
  }

  @Test(arguments: ["POST / HTTP/1.1", "post", "Host: proxy", "host: a b"])
  func `a browser's request ends the connection without a word`(_ line: String) {
    let conversation = Conversation(Array("\(line)\r\nPING\r\n".utf8))
    #expect(conversation.isAborted)
    #expect(conversation.replies.isEmpty)
  }

  @Test(arguments: [1, 1_000, 65_536, .max])
  func `a large argument for Redis is skipped, and answered once it has ended`(_ pieces: Int) {
    let value = [UInt8](repeating: 120, count: 70_000)
    let input =
      multibulk("ECHO", "a") + multibulk([Array("SET".utf8), [107], value])
      + multibulk([value, value]) + multibulk("ECHO", "b")
    let conversation = Conversation(input, pieces: pieces)
    #expect(shown(conversation.replies) == "$1␍a␍\(Self.noLink)\(Self.noLink)$1␍b␍")
  }

  @Test(arguments: [1_000, .max]) func `a large argument comes back from ECHO`(_ pieces: Int) {
    let value = [UInt8](repeating: 120, count: 200_000)
    let conversation = Conversation(
      multibulk([Array("ECHO".utf8), value]) + multibulk("PING"), pieces: pieces)
    #expect(conversation.replies == Array("$200000\r\n".utf8) + value + Array("\r\n+PONG\r\n".utf8))
  }

  @Test func `the reply to a skipped request can be skipped too`() {
    let value = [UInt8](repeating: 120, count: 70_000)
    let input =
      multibulk("CLIENT", "REPLY", "SKIP") + multibulk([Array("SET".utf8), [107], value])
      + multibulk("PING")
    #expect(shown(Conversation(input).replies) == "+PONG␍")
  }

  @Test func `any bytes are answered, refused or waited for`() {
    var generator = SeededGenerator.forTest()
    let words = ["PING", "HELLO", "CLIENT", "REPLY", "SKIP", "*2\r\n", "$4\r\n", "\r\n", " ", "\0"]
    for _ in 0..<3_000 {
      var input: [UInt8] = []
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        if Int.random(in: 0..<4, using: &generator) == 0 {
          input.append(UInt8.random(in: 0...255, using: &generator))
        } else {
          input += Array((words.randomElement(using: &generator) ?? "").utf8)
        }
      }
      #expect(Conversation(input) == Conversation(input, pieces: 1), "\(shown(input))")
    }
  }
}
