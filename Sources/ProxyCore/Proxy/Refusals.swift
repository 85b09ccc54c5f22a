/// Tells clients that are not served why not. One loop's.
package final class Refusals {
  fileprivate var underWay = 0

  package init() {}

  /// Sends what `write` appends and closes; nil, so that the connection is just closed, where many are being
  /// told already.
  ///
  /// - Parameter countMax: As many as may be told at once.
  package func refuse(
    _ connection: Connection, atMost countMax: Int, _ write: (inout ByteBuffer) -> Void
  ) -> (any ConnectionHandler)? {
    guard underWay < countMax else { return nil }
    write(&connection.output.bytes)
    connection.closeAfterFlushing()
    return RefusedClient(self)
  }
}

/// A connection that only hears why it is not wanted.
private final class RefusedClient: ConnectionHandler {
  private let refusals: Refusals

  init(_ refusals: Refusals) {
    self.refusals = refusals
    refusals.underWay += 1
  }

  deinit { refusals.underWay -= 1 }

  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    .taken(bytes.byteCount)
  }
}
