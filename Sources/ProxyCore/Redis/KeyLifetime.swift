/// What `PTTL` said.
package enum KeyLifetime: Equatable, Sendable {
  case milliseconds(Int)
  case unlimited
  /// There is no such key (any more).
  case gone
  /// It was refused.
  case unknown
}
