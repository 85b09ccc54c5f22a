internal import ProxyCore

/// What a request is for.
package enum HTTPPurpose: Equatable, Sendable {
  /// To have the key's value, or only what can be said of it (HEAD).
  case read
  /// To set the key to the body, for so many seconds or for good.
  case write(timeToLive: Int?)
  case delete
  /// To know what can be done here; a browser's question before a request of another origin's page.
  case options(isPreflight: Bool)
  /// Something that is not done.
  case problem(HTTPProblem)

  /// A reader of the request's body: what is written may be as large as a value, and what is
  /// discarded must be short. Let it come to its end before the request is answered.
  package func bodyReader(_ request: HTTPRequest) -> HTTPBodyReader {
    if case .write = self {
      HTTPBodyReader(
        request.body,
        bytesMax: request.body == .chunked
          ? Limits.httpBodyCollectedMax : Limits.httpBodyBytesMax)
    } else {
      HTTPBodyReader(request.body, bytesMax: Limits.httpBodyDiscardedMax)
    }
  }
}
