/// What was written last of a response, for those who tell of it. The plain responses, which are the most,
/// leave none: they are whole values, from memory.
package final class ResponseNote {
  package var status: HTTPStatus?
  /// Bytes of its body, if the request wants it.
  package var bytes = 0
  /// What the cache had to do with it.
  package var outcome: CacheOutcome?

  func begin(_ status: HTTPStatus) {
    self.status = status
    bytes = 0
    outcome = nil
  }
}

@available(*, unavailable)
extension ResponseNote: Sendable {}
