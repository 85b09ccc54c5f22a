/// What a command is: how it travels and what the cache owes to it. A small value, copied freely.
package struct CommandSpec: Equatable, Sendable {
  package let flags: CommandFlags
  package let verb: CommandVerb
  package internal(set) var routing: CommandRouting
  package internal(set) var effect: CommandEffect
  /// Whether the name was found, in the table or in its container.
  package let isKnown: Bool
  /// Which shared link it takes, where its routing is that.
  package let strand: CommandStrand
  let rule: ArgumentRule
  /// Where its only key stands, or 0: most commands have one key at one place.
  let singleKey: UInt8
  let singleKeyIsWritten: Bool
  let keySpecCount: UInt8
  let keySpecStart: UInt16
  /// Under which number its subcommands are filed, or 0.
  let container: UInt16
  private let place: UInt16
  private let arityStored: Int16

  /// Its place in the table, dense from 0, for counters by command; that of an unknown one is 0
  /// too.
  package var index: Int { Int(place) }

  /// The place of its only key among the arguments, where it has one at one place.
  package var singleKeyArgument: Int? { singleKey == 0 ? nil : Int(singleKey) }

  /// As in Redis: the number of arguments, the name included; negative where more are allowed.
  package var arity: Int { Int(arityStored) }

  /// Whether Redis takes so many arguments, the name included. Redis itself answers where it does
  /// not: a built-in arity is that of Redis 7.0, and some have been relaxed since.
  package func accepts(argumentCount: Int) -> Bool {
    arity >= 0 ? argumentCount == arity : argumentCount >= 0 - arity
  }

  /// An unknown command.
  package static let unknown = CommandSpec(
    flags: [], verb: .other, routing: .unknown, effect: .fence, isKnown: false, rule: .untold,
    keySpecs: [], keySpecStart: 0, container: 0, index: 0, arity: -1)

  init(
    flags: CommandFlags, verb: CommandVerb, routing: CommandRouting, effect: CommandEffect,
    strand: CommandStrand = .writes, isKnown: Bool, rule: ArgumentRule, keySpecs: [KeySpec],
    keySpecStart: UInt16, container: UInt16, index: UInt16, arity: Int16
  ) {
    self.strand = strand
    self.flags = flags
    self.verb = verb
    self.routing = routing
    self.effect = effect
    self.isKnown = isKnown
    self.rule = rule
    self.keySpecStart = keySpecStart
    keySpecCount = UInt8(clamping: keySpecs.count)
    self.container = container
    place = index
    arityStored = arity
    let single = rule == .none && keySpecs.count == 1 ? keySpecs.first : nil
    singleKey = single?.singleIndex ?? 0
    singleKeyIsWritten = single?.isWritten ?? false
  }
}
