/// What `GET` said.
package enum FilledValue: Equatable, Sendable {
  /// The bytes, which `Link.content` gives.
  case value(FilledValue.Location)
  case absent
  /// So many bytes, over the maximum, and skipped.
  case oversized(Int)
  /// The error's text, which `Link.content` gives.
  case error(FilledValue.Location)
  /// A reply that no `GET` has, skipped.
  case unexpected
}

extension FilledValue {
  /// Where bytes of a fill are until the next call.
  package enum Location: Equatable, Sendable {
    /// Here in what was shown to the link.
    case shown(Range<Int>)
    /// With the link: something came between the two replies.
    case held
  }
}
