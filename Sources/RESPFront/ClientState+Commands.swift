internal import ProxyCore

/// The commands that a session answers by itself, in Redis's words.
extension ClientState {
  /// What comes after a request.
  enum Continuation {
    case goOn
    /// Close once the replies were sent.
    case finish
    /// Close at once.
    case abort
  }

  /// Executes one request. O(its bytes).
  mutating func execute(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, output: inout ByteBuffer
  ) -> Continuation {
    let before = output.count
    let continuation = dispatch(arguments, in: request, output: &output)
    if replies.drops { output.truncate(to: before) }
    replies.advance()
    return continuation
  }

  /// What is not for a session to answer. The one place where links are missing.
  static func passOn(_ output: inout ByteBuffer) {
    output.appendError("ERR proxyd has no link to Redis in this version")
  }

  private mutating func dispatch(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, output: inout ByteBuffer
  ) -> Continuation {
    let name = arguments.bytes(0, in: request)
    guard let command = SessionCommand(name) else {
      if RequestParser.isCrossProtocol(name) { return .abort }
      Self.passOn(&output)
      return .goOn
    }
    guard command.argumentCounts.contains(arguments.count) else {
      Self.refuseCount(of: command.name, &output)
      return .goOn
    }
    switch command {
    case .ping:
      if arguments.count == 1 {
        output.appendSimpleString("PONG")
      } else {
        output.appendBulk(arguments.bytes(1, in: request))
      }
    case .echo: output.appendBulk(arguments.bytes(1, in: request))
    case .select: select(arguments.bytes(1, in: request), &output)
    case .hello: hello(arguments, in: request, &output)
    case .client: manageClient(arguments, in: request, &output)
    case .reset:
      reset()
      output.appendSimpleString("RESET")
    case .quit:
      output.appendSimpleString("OK")
      return .finish
    }
    return .goOn
  }

  static func refuseCount(of command: StaticString, _ output: inout ByteBuffer) {
    output.append("-ERR wrong number of arguments for '")
    output.append(command)
    output.append("' command\r\n")
  }

  // MARK: SELECT

  private mutating func select(_ text: RawSpan, _ output: inout ByteBuffer) {
    guard let number = Decimal(text)?.value else {
      return output.appendError("ERR value is not an integer or out of range")
    }
    guard Int32(exactly: number) != nil else {
      return output.appendError(
        "ERR value is out of range, value must between -2147483648 and 2147483647")
    }
    guard number >= 0, number < Limits.databasesMax else {
      return output.appendError("ERR DB index is out of range")
    }
    database = number
    output.appendSimpleString("OK")
  }

  // MARK: HELLO

  private mutating func hello(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, _ output: inout ByteBuffer
  ) {
    var wanted = version
    if arguments.count > 1 {
      guard let number = Decimal(arguments.bytes(1, in: request))?.value else {
        return output.appendError("ERR Protocol version is not an integer or out of range")
      }
      guard let known = UInt8(exactly: number).flatMap(RESPVersion.init(rawValue:)) else {
        return output.appendError("NOPROTO unsupported protocol version")
      }
      wanted = known
    }
    var index = 2
    while index < arguments.count {
      let option = arguments.bytes(index, in: request)
      let following = arguments.count &- index &- 1
      if option.equalsIgnoringCase("setname") && following >= 1 {
        let name = arguments.bytes(index &+ 1, in: request)
        guard setName(name, &output) else { return }
        index &+= 2
      } else if option.equalsIgnoringCase("auth") && following >= 2 {
        // Who somebody is, only Redis can tell.
        return Self.passOn(&output)
      } else {
        return Self.refuse("ERR Syntax error in HELLO option '", option, "'", &output)
      }
    }
    version = wanted
    greet(&output)
  }

  private func greet(_ output: inout ByteBuffer) {
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
    output.appendArgument("master")
    output.appendArgument("modules")
    output.appendArrayHeader(count: 0)
  }

  // MARK: CLIENT

  private mutating func manageClient(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, _ output: inout ByteBuffer
  ) {
    guard let subcommand = ClientSubcommand(arguments.bytes(1, in: request)) else {
      return Self.passOn(&output)
    }
    guard arguments.count == subcommand.argumentCount else {
      return Self.refuseCount(of: subcommand.name, &output)
    }
    switch subcommand {
    case .id: output.appendInteger(id)
    case .getName:
      if name.isEmpty { output.appendNull(version) } else { output.appendBulk(name) }
    case .setName:
      if setName(arguments.bytes(2, in: request), &output) { output.appendSimpleString("OK") }
    case .setInfo:
      setLibrary(arguments.bytes(2, in: request), arguments.bytes(3, in: request), &output)
    case .reply: switchReplies(arguments.bytes(2, in: request), &output)
    case .noEvict:
      guard let isOn = Self.onOrOff(arguments.bytes(2, in: request)) else {
        return output.appendError("ERR syntax error")
      }
      isProtectedFromEviction = isOn
      output.appendSimpleString("OK")
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
  private static func refuse(
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
