internal import HTTP
internal import ProxyCore

/// What Redis answers to what was passed on as a whole.
extension HTTPSession: Caller {
  func replied(_ ticket: UInt64, _ reply: Result<RESPValue, RedisError>, now: Moment) {
    guard let exchange, exchange.ticket == ticket else { return }
    switch reply {
    case .failure(let error): failed(ticket, because: .redis(error), now: now)
    case .success(.error(let error)):
      let text = Array(error.message.utf8)
      answerWaiting(HTTPProblem(errorReply: text.rawSpan), linkIsClean: true, now: now)
    case .success(.integer(let count)) where exchange.purpose == .read:
      tellLength(Int(clamping: count), exchange, now: now)
    case .success(.integer(0)): answerWaiting(.absent, now: now)
    case .success:
      desk.refresh(now: now)
      desk.writer.appendDone(for: exchange.request, to: &output.bytes)
      delivered(exchange, linkIsClean: true, now: now)
    }
  }

  /// The length of a large value, for HEAD. One that has gone meanwhile has none.
  private func tellLength(_ count: Int, _ exchange: Exchange, now: Moment) {
    if count == 0 { return answerWaiting(.absent, .bypassed, linkIsClean: true, now: now) }
    desk.refresh(now: now)
    _ = desk.writer.appendHead(
      .streamed(count: count), for: exchange.request, .bypassed, to: &output.bytes)
    delivered(exchange, linkIsClean: true, now: now)
  }

  func failed(_ ticket: UInt64, because error: ProxyError, now: Moment) {
    guard let exchange, exchange.ticket == ticket else { return }
    // A response that has begun cannot be taken back: its end tells that it is not whole.
    if exchange.reply.isBegun {
      count(exchange, RequestOutcome(error), now: now)
      connection?.close()
    } else {
      answerWaiting(HTTPProblem(error), as: RequestOutcome(error), now: now)
    }
  }
}
