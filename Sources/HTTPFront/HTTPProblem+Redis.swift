package import HTTP
package import ProxyCore

/// What goes wrong behind this server, as its clients are told.
extension HTTPProblem {
  /// An error reply, without the `-` that it begins with.
  package init(errorReply: RawSpan) {
    let wrongType: StaticString = "WRONGTYPE "
    let code = errorReply.extracting(0..<min(wrongType.utf8CodeUnitCount, errorReply.byteCount))
    self =
      code.equals(wrongType)
      ? .wrongType : .redisFailed(String(decoding: errorReply.array, as: UTF8.self))
  }

  /// Why the heart could not answer.
  package init(_ error: ProxyError) {
    switch error {
    case .redis(let error): self.init(error)
    case .limiter, .pinnedLimit, .readLimit: self = .overloaded(error.description)
    case .requestTooLarge: self.init(.contentTooLarge, error.description)
    case .needsConnection: self.init(.notImplemented, error.description)
    }
  }

  /// Whatever passes is worth another try; what an operator has to mend, or a broken protocol, is not.
  private init(_ error: RedisError) {
    switch error.reason {
    case .errorReply(let reply): self.init(errorReply: reply.bytes.rawSpan)
    case .timedOut: self = .redisTimedOut
    case .protocolDefect, .replyTooLarge, .replyTooDeep, .readOnly:
      self = .redisFailed(error.description)
    default:
      self = error.needsOperator ? .redisFailed(error.description) : .redisAway(error.description)
    }
  }
}
