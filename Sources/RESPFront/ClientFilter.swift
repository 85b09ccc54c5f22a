internal import ProxyCore

/// Which clients `CLIENT LIST` and `CLIENT KILL` mean.
struct ClientFilter: Sendable {
  /// What Redis tells clients apart by. Replicas and masters are Redis's own peers: none is here.
  enum ClientKind: Sendable { case normal, pubsub, replica, master }

  var id: Int?
  /// Any of these.
  var ids: Set<Int>?
  var address: ClientAddress?
  var localAddress: ClientAddress?
  var kind: ClientKind?
  var user: [UInt8]?
  /// Who has been there for so long at least.
  var ageSeconds: Int?
  /// Whether who asks is spared.
  var sparesAsker = false

  /// An address as it was written; nil if it is none, and so matches no client.
  struct ClientAddress: Sendable {
    let address: SocketAddress?

    /// As lists show it: `127.0.0.1:4000`, `[::1]:4000`.
    init(_ text: RawSpan) {
      let text = String(decoding: text.array, as: UTF8.self)
      guard let colon = text.lastIndex(of: ":"),
        let port = UInt16(text[text.index(after: colon)...])
      else {
        address = nil
        return
      }
      var host = text[..<colon]
      if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
      let found = SocketAddress(numeric: String(host), port: port)
      // There is one way to write each.
      address = found?.description == text ? found : nil
    }
  }
}

extension ClientFilter.ClientKind {
  init?(_ name: RawSpan) {
    if name.equalsIgnoringCase("normal") {
      self = .normal
    } else if name.equalsIgnoringCase("pubsub") {
      self = .pubsub
    } else if name.equalsIgnoringCase("replica") || name.equalsIgnoringCase("slave") {
      self = .replica
    } else if name.equalsIgnoringCase("master") {
      self = .master
    } else {
      return nil
    }
  }
}

/// The arguments of the commands about clients, refused in Redis's words.
extension ClientFilter {
  /// Those of `CLIENT LIST`; nil where they are refused, and `output` says why. `order` gets the ids that
  /// were asked for, as often as they were.
  static func list(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, order: inout [Int],
    refusal output: inout ByteBuffer
  ) -> ClientFilter? {
    var filter = ClientFilter()
    if arguments.count == 2 { return filter }
    let option = arguments.bytes(2, in: request)
    if arguments.count == 4 && option.equalsIgnoringCase("type") {
      return filter.readKind(arguments.bytes(3, in: request), refusal: &output) ? filter : nil
    }
    guard arguments.count > 3 && option.equalsIgnoringCase("id") else {
      output.appendError("ERR syntax error")
      return nil
    }
    for place in 3..<arguments.count {
      guard let id = Decimal(arguments.bytes(place, in: request))?.value else {
        output.appendError("ERR Invalid client ID")
        return nil
      }
      order.append(id)
    }
    filter.ids = Set(order)
    return filter
  }

  /// Those of `CLIENT KILL`, in the old form, an address, and in the new one.
  static func kill(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, refusal output: inout ByteBuffer
  ) -> ClientFilter? {
    var filter = ClientFilter()
    if arguments.count == 3 {
      filter.address = ClientAddress(arguments.bytes(2, in: request))
      return filter
    }
    filter.sparesAsker = true
    var place = 2
    while place < arguments.count {
      guard place + 1 < arguments.count else {
        output.appendError("ERR syntax error")
        return nil
      }
      let isTaken = filter.read(
        arguments.bytes(place, in: request), arguments.bytes(place + 1, in: request),
        refusal: &output)
      if !isTaken { return nil }
      place += 2
    }
    return filter
  }

  private mutating func read(
    _ option: RawSpan, _ value: RawSpan, refusal output: inout ByteBuffer
  ) -> Bool {
    if option.equalsIgnoringCase("id") {
      guard let id = Decimal(value)?.value, id > 0 else {
        output.appendError("ERR client-id should be greater than 0")
        return false
      }
      self.id = id
    } else if option.equalsIgnoringCase("type") {
      return readKind(value, refusal: &output)
    } else if option.equalsIgnoringCase("addr") {
      address = ClientAddress(value)
    } else if option.equalsIgnoringCase("laddr") {
      localAddress = ClientAddress(value)
    } else if option.equalsIgnoringCase("user") {
      user = value.array
    } else if option.equalsIgnoringCase("maxage") {
      return readAge(value, refusal: &output)
    } else if option.equalsIgnoringCase("skipme"), let isSpared = Self.yesOrNo(value) {
      sparesAsker = isSpared
    } else {
      output.appendError("ERR syntax error")
      return false
    }
    return true
  }

  private mutating func readKind(_ name: RawSpan, refusal output: inout ByteBuffer) -> Bool {
    guard let kind = ClientKind(name) else {
      ClientState.refuse("ERR Unknown client type '", name, "'", &output)
      return false
    }
    self.kind = kind
    return true
  }

  /// Redis has this since 7.4, with these words.
  private mutating func readAge(_ text: RawSpan, refusal output: inout ByteBuffer) -> Bool {
    guard let seconds = Decimal(text)?.value else {
      output.appendError("ERR maxage is not an integer or out of range")
      return false
    }
    guard seconds > 0 else {
      output.appendError("ERR maxage should be greater than 0")
      return false
    }
    ageSeconds = seconds
    return true
  }

  private static func yesOrNo(_ text: RawSpan) -> Bool? {
    if text.equalsIgnoringCase("yes") { return true }
    return text.equalsIgnoringCase("no") ? false : nil
  }
}
