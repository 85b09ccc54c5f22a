internal import ProxyCore

/// What a server remembers of one client between its commands.
struct ClientState {
  let id: Int
  let greeting: ServerGreeting
  var version = RESPVersion.two
  var database = 0
  /// Empty: none.
  var name: [UInt8] = []
  var libraryName: [UInt8] = []
  var libraryVersion: [UInt8] = []
  var isProtectedFromEviction = false
  var replies = ReplySwitch()

  init(id: Int, greeting: ServerGreeting) {
    self.id = id
    self.greeting = greeting
  }

  /// What `RESET` does. The library's name stays: it is a fact about the client.
  mutating func reset() {
    version = .two
    database = 0
    name = []
    replies.reset()
  }

  /// Whether Redis takes `text` for a name: printable, and without spaces.
  static func isName(_ text: RawSpan) -> Bool {
    for offset in 0..<text.byteCount {
      let byte = unsafe text.byte(at: offset)  // in bounds by the loop
      if byte < UInt8(ascii: "!") || byte > UInt8(ascii: "~") { return false }
    }
    return true
  }
}
