internal import ProxyCore

/// What a server remembers of one client between its commands, as far as the proxy can do that itself.
struct ClientState {
  var version = RESPVersion.two
  /// Whether it has given the password, where one is asked for.
  var isAuthenticated = true
  var replies = ReplySwitch()
  var database: UInt32
  /// The one that a client starts in.
  let homeDatabase: UInt32
  let id: Int
  var greeting: ServerGreeting
  /// Empty: none.
  var name: [UInt8] = []
  var libraryName: [UInt8] = []
  var libraryVersion: [UInt8] = []
  var isProtectedFromEviction = false

  init(id: Int, greeting: ServerGreeting, homeDatabase: UInt32 = 0) {
    self.id = id
    self.greeting = greeting
    self.homeDatabase = homeDatabase
    database = homeDatabase
  }

  /// What all the names take.
  var keptBytes: Int { name.count + libraryName.count + libraryVersion.count }

  /// What `RESET` does. The library's name stays: it is a fact about the client.
  mutating func reset() {
    version = .two
    database = homeDatabase
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
