internal import ProxyCore

/// What a `HELLO` asks for.
struct HelloRequest {
  private(set) var version: RESPVersion?
  private(set) var name: [UInt8]?
  private(set) var credentials: Credentials?

  /// Reads the arguments. False where they are refused: `output` has got Redis's error.
  mutating func read(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, refusal output: inout ByteBuffer
  ) -> Bool {
    if arguments.count > 1 {
      guard let number = Decimal(arguments.bytes(1, in: request))?.value else {
        output.appendError("ERR Protocol version is not an integer or out of range")
        return false
      }
      guard let known = UInt8(exactly: number).flatMap(RESPVersion.init(rawValue:)) else {
        output.appendError("NOPROTO unsupported protocol version")
        return false
      }
      version = known
    }
    var index = 2
    while index < arguments.count {
      let option = arguments.bytes(index, in: request)
      let following = arguments.count &- index &- 1
      if option.equalsIgnoringCase("setname") && following >= 1 {
        let text = arguments.bytes(index &+ 1, in: request)
        guard ClientState.isName(text) else {
          output.appendError(
            "ERR Client names cannot contain spaces, newlines or special characters.")
          return false
        }
        name = text.array
        index &+= 2
      } else if option.equalsIgnoringCase("auth") && following >= 2 {
        credentials = Credentials(
          user: arguments.bytes(index &+ 1, in: request).array,
          password: arguments.bytes(index &+ 2, in: request).array)
        index &+= 3
      } else {
        ClientState.refuse("ERR Syntax error in HELLO option '", option, "'", &output)
        return false
      }
    }
    return true
  }
}
