package import ProxyCore

/// One client's connection: drives its dialogue.
package final class RESPSession: ConnectionHandler {
  private var dialogue: Dialogue

  /// A session for the client that is known as `id`.
  package init(id: Int, greeting: ServerGreeting) {
    dialogue = Dialogue(ClientState(id: id, greeting: greeting))
  }

  package func received(
    _ bytes: RawSpan, on connection: Connection, now: Moment
  ) -> Consumption {
    switch dialogue.take(bytes, output: &connection.output.bytes) {
    case .taken(let count, let needing): return .taken(count, needing: needing)
    case .finished: connection.closeAfterFlushing()
    case .aborted: connection.close()
    }
    return .taken(bytes.byteCount)
  }
}
