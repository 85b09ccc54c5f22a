import ProxyCore

/// What a command is and which keys it has, by the built-in table, or after an odd first byte by one that is
/// learned from the reply that comes next.
enum CommandTarget {
  static func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    var rest = input.dropFirst()
    var table = CommandTable.builtIn
    if first & 1 == 1 {
      var scanner = ReplyScanner()
      let bytes = Array(rest)
      guard case .complete(let length) = scanner.scan(bytes.rawSpan) else { return }
      guard let reply = try? RESPValue(reading: bytes.rawSpan.extracting(0..<length)),
        let learned = CommandTable(learnedFrom: reply)
      else { return }
      demand(learned.count >= table.count, "what was known is gone: \(learned.count)")
      table = learned
      rest = rest.dropFirst(length)
    }
    classify(Array(rest), by: table)
  }

  private static func classify(_ bytes: [UInt8], by table: CommandTable) {
    var parser = RequestParser()
    parser.largeThreshold = .max
    var offset = 0
    while true {
      let rest = bytes.rawSpan.extracting(offset..<bytes.count)
      switch parser.parse(rest) {
      case .command(let length):
        classify(parser.arguments, in: rest, by: table)
        offset += length
      case .inlineCommand(let length):
        classify(parser.arguments, in: parser.canonical.bytes, by: table)
        offset += length
      case .nothing(let length): offset += length
      case .needsMore, .large, .refused: return
      }
    }
  }

  private static func classify(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, by table: CommandTable
  ) {
    var keys = KeyList()
    let spec = table.classify(arguments, in: request, keys: &keys)
    let name = table.name(at: spec.index)
    demand(keys.knowledge != .unknown || keys.isEmpty, "\(name): keys that are not known")
    demand(spec.isKnown || keys.knowledge == .unknown, "keys of a command that is not")
    var writesAny = false
    for place in 0..<keys.count {
      let key = keys[place]
      demand((1..<arguments.count).contains(key.argument), "\(name): \(key) of \(arguments.count)")
      writesAny = writesAny || key.isWritten
    }
    demand(writesAny == keys.writesAny, "\(name): written keys")
    // What is called a read leaves entries as they are.
    demand(
      !writesAny || spec.effect != .reads && spec.effect != .none, "\(name): a read that writes")
    demand(
      keys.knowledge != .unknown || spec.effect != .writes, "\(name): it writes nobody knows what")
    // The list is used again, whatever it was used for before.
    let once = (0..<keys.count).map { keys[$0] }
    let again = table.classify(arguments, in: request, keys: &keys)
    demand(again == spec && once == (0..<keys.count).map { keys[$0] }, "\(name): other keys")
  }
}
