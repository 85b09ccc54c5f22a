/// Which of a client's replies are sent: `CLIENT REPLY`.
struct ReplySwitch {
  private var isOff = false
  private var skipsThis = false
  private var skipsNext = false

  /// Whether the reply to the command at hand is dropped. Asked after it was executed, because `ON` is
  /// answered and `OFF` is not.
  var drops: Bool { isOff || skipsThis }

  /// Whether nothing was ever switched, or all of that is over.
  var sendsAll: Bool { !isOff && !skipsThis && !skipsNext }

  mutating func turnOn() { self = ReplySwitch() }
  mutating func turnOff() { isOff = true }
  mutating func skipNext() { skipsNext = !isOff }

  /// A request is over, an empty one included.
  mutating func advance() {
    skipsThis = skipsNext
    skipsNext = false
  }

  /// As Redis resets it: a `RESET` that is itself skipped stays so.
  mutating func reset() {
    isOff = false
    skipsNext = false
  }
}
