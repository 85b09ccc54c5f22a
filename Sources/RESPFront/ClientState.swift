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

/// The commands that the proxy answers by itself, in Redis's words.
extension ClientState {
  static func refuseCount(of command: String, _ output: inout ByteBuffer) {
    let text = Array("ERR wrong number of arguments for '\(command)' command".utf8)
    output.appendError(text.rawSpan)
  }

  /// The database that `SELECT` asks for; nil, and Redis's error, where there can be none.
  static func database(_ text: RawSpan, refusal output: inout ByteBuffer) -> UInt32? {
    guard let number = Decimal(text)?.value else {
      output.appendError("ERR value is not an integer or out of range")
      return nil
    }
    guard let small = Int32(exactly: number) else {
      output.appendError("ERR value is out of range, value must between -2147483648 and 2147483647")
      return nil
    }
    guard let database = UInt32(exactly: small) else {
      output.appendError("ERR DB index is out of range")
      return nil
    }
    return database
  }

  // MARK: HELLO

  /// The answer to a `HELLO` that nothing stands against.
  mutating func greet(_ hello: HelloRequest, _ output: inout ByteBuffer) {
    version = hello.version ?? version
    name = hello.name ?? name
    output.appendMapHeader(count: 7, version)
    output.appendArgument("server")
    output.appendArgument("redis")
    output.appendArgument("version")
    output.appendBulk(greeting.version)
    output.appendArgument("proto")
    output.appendInteger(Int(version.rawValue))
    output.appendArgument("id")
    output.appendInteger(id)
    output.appendArgument("mode")
    output.appendArgument("standalone")
    output.appendArgument("role")
    output.appendArgument(greeting.isReplica ? "replica" : "master")
    output.appendArgument("modules")
    output.appendArrayHeader(count: 0)
  }

  // MARK: CLIENT

  /// One of the subcommands that need neither Redis nor other clients.
  mutating func manageClient(
    _ verb: CommandVerb, _ arguments: borrowing ArgumentTable, in request: RawSpan,
    _ output: inout ByteBuffer
  ) {
    switch verb {
    case .clientID: output.appendInteger(id)
    case .clientGetName:
      if name.isEmpty { output.appendNull(version) } else { output.appendBulk(name) }
    case .clientSetName:
      if setName(arguments.bytes(2, in: request), &output) { output.appendSimpleString("OK") }
    case .clientSetDetails:
      setLibrary(arguments.bytes(2, in: request), arguments.bytes(3, in: request), &output)
    case .clientReply: switchReplies(arguments.bytes(2, in: request), &output)
    case .clientNoEvict:
      guard let isOn = Self.onOrOff(arguments.bytes(2, in: request)) else {
        return output.appendError("ERR syntax error")
      }
      isProtectedFromEviction = isOn
      output.appendSimpleString("OK")
    default: break
    }
  }

  /// False, having said so, where it is no name. An empty one is none.
  private mutating func setName(_ text: RawSpan, _ output: inout ByteBuffer) -> Bool {
    guard Self.isName(text) else {
      output.appendError(
        "ERR Client names cannot contain spaces, newlines or special characters.")
      return false
    }
    name = text.array
    return true
  }

  /// Redis has this since 7.2, with these words.
  private mutating func setLibrary(
    _ option: RawSpan, _ text: RawSpan, _ output: inout ByteBuffer
  ) {
    let isName = option.equalsIgnoringCase("lib-name")
    guard isName || option.equalsIgnoringCase("lib-ver") else {
      return Self.refuse("ERR Unrecognized option '", option, "'", &output)
    }
    guard Self.isName(text) else {
      return Self.refuse(
        "ERR ", option, " cannot contain spaces, newlines or special characters.", &output)
    }
    if isName { libraryName = text.array } else { libraryVersion = text.array }
    output.appendSimpleString("OK")
  }

  private mutating func switchReplies(_ mode: RawSpan, _ output: inout ByteBuffer) {
    if mode.equalsIgnoringCase("skip") {
      replies.skipNext()
    } else if let isOn = Self.onOrOff(mode) {
      if isOn {
        replies.turnOn()
        output.appendSimpleString("OK")
      } else {
        replies.turnOff()
      }
    } else {
      output.appendError("ERR syntax error")
    }
  }

  private static func onOrOff(_ text: RawSpan) -> Bool? {
    if text.equalsIgnoringCase("on") { return true }
    return text.equalsIgnoringCase("off") ? false : nil
  }

  /// An error that quotes the client, up to the first NUL, where C's strings end.
  static func refuse(
    _ before: StaticString, _ quoted: RawSpan, _ after: StaticString, _ output: inout ByteBuffer
  ) {
    let end = quoted.firstOffset(of: 0, in: 0..<quoted.byteCount) ?? quoted.byteCount
    var text = ByteBuffer()
    text.append(before)
    text.append(quoted.extracting(0..<end))
    text.append(after)
    output.appendError(text.bytes)
  }
}
