/// What became of a fetch. The bytes of a value or an error come along with it.
package enum FetchOutcome: Equatable, Sendable {
  case value
  /// There is no such key.
  case absent
  /// Redis's own error, its code first.
  case error
  /// Over the limit of values that are kept: to be fetched on a link of its own.
  case large
  case failed(ProxyError)
}
