internal import ProxyCore

/// What the sessions of one loop share, and who is let in.
final class HTTPDesk {
  let options: HTTPOptions
  @safe @exclusivity(unchecked) var writer: HTTPResponseWriter
  /// The key of the request at hand.
  @safe @exclusivity(unchecked) var key = ByteBuffer()
  /// Where responses go whose client has gone.
  let nowhere = OutputBuffer()
  /// Clients that are being told why they are not served.
  fileprivate var refusals = 0

  init(_ options: HTTPOptions, now: Moment) {
    self.options = options
    writer = HTTPResponseWriter(options.settings, now: now)
  }

  /// Takes a new client in, or tells it why not.
  func admit(_ connection: Connection, to lane: Lane) -> (any ConnectionHandler)? {
    let clients = lane.proxy.clients
    guard options.serves(connection.peer) else {
      clients.countRejection()
      return refuse(connection, .clientNotServed)
    }
    guard clients.admit(.http) else { return refuse(connection, .clientsTooMany) }
    connection.outputBytesMax = options.outputBytesMax
    connection.ledger = lane.proxy.clientOutput
    return HTTPSession(desk: self, lane: lane, connection: connection)
  }

  /// Nil, so that the connection is just closed, where many are being told already.
  private func refuse(
    _ connection: Connection, _ error: HTTPError
  ) -> (any ConnectionHandler)? {
    guard refusals < Limits.refusalsMax else { return nil }
    refusals += 1
    writer.refresh(now: connection.loop.now)
    writer.append(error, to: &connection.output.bytes)
    connection.closeAfterFlushing()
    return RefusedClient(self)
  }
}

/// A connection that only hears why it is not wanted.
private final class RefusedClient: ConnectionHandler {
  private let desk: HTTPDesk

  init(_ desk: HTTPDesk) { self.desk = desk }

  deinit { desk.refusals -= 1 }

  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    .taken(bytes.byteCount)
  }
}

extension HTTPOptions {
  /// Whether somebody from there may be served: only this machine while there is no password.
  func serves(_ peer: SocketAddress?) -> Bool {
    !isProtected || !settings.password.isEmpty || peer?.isLoopback == true
  }
}
