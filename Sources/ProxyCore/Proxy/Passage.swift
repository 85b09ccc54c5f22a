/// How a request is passed on.
package struct Passage: ~Copyable {
  /// Over which link.
  package enum Way {
    /// With others', in the version that the client speaks; over the strand's spare link or not, or (nil) over
    /// the one that Redis does not hold back.
    case shared(RESPVersion, CommandStrand, isSpare: Bool? = nil)
    case control
    /// Over the client's own.
    case pinned(PinnedLink)
  }

  package var way: Way
  package var database: UInt32
  /// What it does to values.
  package var effect: CommandEffect
  package var delivery = LinkDelivery.relay
  /// Of an EXEC, which of its elements are confirmations, in their order, and how many; it is delivered
  /// as a transaction then. Nil for most, as counting references to nothing costs something too.
  package var confirmations: [(element: Int, count: UInt32)]?
  /// And which of them answer SELECTs.
  package var selections: [Int]?
  /// Whether a permit comes with it, to be released at its end.
  package var holdsPermit = false
  /// The intents on the keys that it writes, held since `beginIntent`.
  package var intents = HeldIntents()

  var kind: LinkKind {
    switch way {
    case .shared: .shared
    case .control: .control
    case .pinned: .pinned
    }
  }

  package init(_ way: Way, database: UInt32, effect: CommandEffect) {
    self.way = way
    self.database = database
    self.effect = effect
  }
}
