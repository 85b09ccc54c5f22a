/// A key of a request: which argument it is, and what happens to it.
package struct KeyReference: Equatable, Sendable {
  private let word: UInt32

  /// `Limits.argumentsDeclaredMax` fits 31 bits.
  init(argument: Int, isWritten: Bool) {
    word = UInt32(truncatingIfNeeded: argument) &<< 1 | (isWritten ? 1 : 0)
  }

  /// The place of the key among the request's arguments, the command's name being 0.
  package var argument: Int { Int(word &>> 1) }
  /// Whether the command may change it. A key whose use is not known counts as written.
  package var isWritten: Bool { word & 1 == 1 }
}
