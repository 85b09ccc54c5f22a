/// What the commands of one request are together.
struct TaskPlan: Sendable {
  var effect = CommandEffect.none
  var strand = CommandStrand.reads
  var needsPermit = true
  var isPinned = false
  var isControl = false
  var leavesState = false
  /// Whether the link is not to be used again.
  var endsLink = false
  /// Each key: in which command, where in its bytes, and whether it is written.
  private var keys: [(command: Int, place: Range<Int>, isWritten: Bool)] = []
  private var count = 0

  /// Adds a command; says why it cannot be passed on, if so.
  mutating func add(_ command: [UInt8], _ table: CommandTable) -> ProxyError? {
    var parser = RequestParser()
    var keys = KeyList()
    var verdict = parser.parse(command.rawSpan)
    while case .large = verdict {
      // Others' replies must not wait until it has gone.
      isPinned = true
      parser.keepBuffering()
      verdict = parser.parse(command.rawSpan)
    }
    guard case .command = verdict else { return .requestTooLarge }
    let spec = table.classify(parser.arguments, in: command.rawSpan, keys: &keys)
    switch spec.routing {
    case .shared: break
    case .control: isControl = true
    case .blocking: isPinned = true
    case .solitary:
      isPinned = true
      endsLink = true
    case .unknown:
      isPinned = true
      leavesState = true
    case .transaction, .transactionEnd, .subscription, .session, .kept, .wait, .refused:
      return .needsConnection(table.name(at: spec.index))
    }
    if isPinned || isControl { needsPermit = false }
    effect = max(effect, spec.effect)
    strand = .max(strand, spec.strand)
    for place in 0..<keys.count {
      self.keys.append(
        (count, parser.arguments[keys[place].argument].range, keys[place].isWritten))
    }
    count += 1
    return nil
  }

  /// The keys that need an intent, and in which command each is: those that are
  /// written, and all that a transaction names, as for EXEC of a client.
  func intents(ofTransaction isTransaction: Bool) -> [(command: Int, key: Range<Int>)] {
    keys.filter { isTransaction || $0.isWritten }.map { ($0.command, $0.place) }
  }
}
