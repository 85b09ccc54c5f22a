internal import ProxyCore

extension ProxyError {
  /// As Redis would say it.
  func write(to output: inout ByteBuffer) {
    if case .redis(let error) = self, let reply = error.reply {
      let text = reply.bytes
      output.appendError(text.rawSpan)
      return
    }
    let text = Array("ERR \(description)".utf8)
    output.appendError(text.rawSpan)
  }
}

extension RedisError {
  /// What Redis itself has said.
  fileprivate var reply: RESPError? {
    switch reason {
    case .loading(let error), .busy(let error), .readOnly(let error), .errorReply(let error): error
    // It was the client whose password was wrong, or who must give one.
    case .authenticationFailed(let error) where error.code == "WRONGPASS": error
    case .authenticationFailed: RESPError(bytes: Array("NOAUTH Authentication required.".utf8))
    default: nil
    }
  }
}
