internal import HTTP
internal import ProxyCore

/// A request that is told of in the access log when its response is whole.
final class PendingAccess {
  let client: SocketAddress?
  let method: [UInt8]
  /// nil where the request was not understood.
  let target: [UInt8]?
  let received: Moment
  /// Where in the output a plain response begins, while one may be written.
  var start: Int?
  /// Whether a limit was the reason.
  var isRefused = false
  /// Of a response that leaves in pieces: others are written meanwhile.
  var written: Written?

  /// What a response was.
  struct Written {
    let status: HTTPStatus
    let bytes: Int
    let outcome: CacheOutcome?
  }

  init(client: SocketAddress?, method: [UInt8], target: [UInt8]?, received: Moment) {
    self.client = client
    self.method = method
    self.target = target
    self.received = received
  }
}
