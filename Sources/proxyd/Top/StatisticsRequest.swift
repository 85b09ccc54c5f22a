internal import Glibc
internal import ProxyCore

/// Asks an admin listener for `/stats`, once, on a loop of the caller's.
final class StatisticsRequest {
  /// Why there are no statistics: one line for people.
  struct StatisticsFailure: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  private let place: String
  private var bytes: [UInt8] = []
  private var outcome: Result<JSONValue, StatisticsFailure>?
  private var timer: TimerHandle?

  private init(_ place: String) { self.place = place }

  static func statistics(
    of address: SocketAddress, on loop: EventLoop
  ) throws(StatisticsFailure) -> JSONValue {
    let request = StatisticsRequest(address.description)
    let deadline = Moment.now.advanced(by: Limits.topPatience)
    do throws(SystemError) {
      let connection = try loop.connect(to: address, deadline: deadline, handler: request)
      request.timer = loop.schedule(at: deadline, request, token: 0)
      while request.outcome == nil { loop.turn() }
      connection.close()
    } catch {
      throw StatisticsFailure(description: "\(address) cannot be asked: \(error)")
    }
    if let timer = request.timer { loop.cancel(timer) }
    return try request.outcome?.get() ?? .null
  }

  private func fail(_ problem: String) {
    outcome = outcome ?? .failure(StatisticsFailure(description: problem))
  }

  /// The end of the answer: nothing comes after it.
  private func finish() {
    let blank = Array("\r\n\r\n".utf8)
    guard let end = bytes.firstRange(of: blank), bytes.starts(with: "HTTP/1.1 ".utf8) else {
      return fail("\(place) does not answer as proxyd's admin listener does: see ADMIN_PORT")
    }
    let body = Array(bytes[end.upperBound...])
    if bytes.starts(with: "HTTP/1.1 200".utf8), let value = JSONValue(body),
      value["info"] != .null
    {
      outcome = outcome ?? .success(value)
    } else if bytes.starts(with: "HTTP/1.1 503".utf8) {
      let text = String(decoding: body.prefix(200), as: UTF8.self)
      fail("\(place) answers: \(VisibleText.of(text.trimmingSuffix { $0.isNewline }))")
    } else {
      fail("\(place) does not answer as proxyd's admin listener does: see ADMIN_PORT")
    }
  }
}

extension StatisticsRequest: ConnectionHandler {
  func connected(_ connection: Connection, now: Moment) {
    let host = connection.peer?.description ?? "localhost"
    let text = "GET /stats HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
    connection.output.bytes.append(Array(text.utf8))
  }

  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    self.bytes.append(bytes)
    if self.bytes.count > Limits.topAnswerBytesMax {
      fail("\(place) answers more than proxyd would")
    }
    return .taken(bytes.byteCount)
  }

  func finished(_ connection: Connection, now: Moment) {
    finish()
    connection.close()
  }

  func closed(_ connection: Connection, because reason: CloseReason, now: Moment) {
    switch reason {
    case .connectFailed(let error) where error.code == ECONNREFUSED:
      fail("no answer from \(place): does proxyd run, and is that its ADMIN_PORT?")
    case .connectFailed(let error): fail("no answer from \(place): \(error)")
    case .connectTimedOut: fail("no answer from \(place) in time")
    case .failed(let error): fail("\(place) has hung up: \(error)")
    case .requested, .inputLimit, .outputLimit, .loopStopped: fail("\(place) has hung up")
    }
  }
}

extension StatisticsRequest: TimerTarget {
  func timerFired(_ token: Int, now: Moment) {
    timer = nil
    fail("\(place) does not answer in time")
  }
}

extension String {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
    var text = self[...]
    while let last = text.last, isTrimmed(last) { text.removeLast() }
    return String(text)
  }
}
