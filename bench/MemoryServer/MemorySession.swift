import ProxyCore

/// One client of the memory server: requests in, answers from memory out, in order.
final class MemorySession: ConnectionHandler {
  private let cache: ByteCache
  private var parser = RequestParser()

  init(_ cache: ByteCache) { self.cache = cache }

  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    // What belongs to an object is borrowed once a batch: each access to it is checked.
    Self.answer(
      bytes, parser: &parser, output: &connection.output.bytes, cache: cache, on: connection,
      now: now)
  }

  private static func answer(
    _ bytes: RawSpan, parser: inout RequestParser, output: inout ByteBuffer, cache: ByteCache,
    on connection: Connection, now: Moment
  ) -> Consumption {
    var offset = 0
    while offset < bytes.byteCount {
      let rest = bytes.extracting(offset..<bytes.byteCount)
      switch parser.parse(rest) {
      case .command(let length):
        execute(parser.arguments, in: rest, output: &output, cache: cache, now: now)
        offset &+= length
      case .inlineCommand(let length):
        execute(
          parser.arguments, in: parser.canonical.bytes, output: &output, cache: cache, now: now)
        offset &+= length
      case .nothing(let length): offset &+= length
      case .needsMore(let count):
        return .taken(offset, needing: rest.byteCount &+ count)
      case .large: parser.keepBuffering()
      case .refused(let error):
        error.write(to: &output)
        connection.closeAfterFlushing()
        return .taken(bytes.byteCount)
      }
    }
    return .taken(offset)
  }

  private static func execute(
    _ arguments: borrowing ArgumentTable, in request: RawSpan, output: inout ByteBuffer,
    cache: ByteCache, now: Moment
  ) {
    let name = arguments.bytes(0, in: request)
    switch arguments.count {
    case 2 where name.equalsIgnoringCase("get"):
      let key = arguments.bytes(1, in: request)
      if let hit = cache.find(key, hash: cache.hash(key), now: now) {
        output.appendBulkHeader(length: hit.count)
        hit.append(to: &output)
        output.appendLineEnd()
      } else {
        output.appendNull(.two)
      }
    case 3 where name.equalsIgnoringCase("set"):
      let key = arguments.bytes(1, in: request)
      let value = arguments.bytes(2, in: request)
      if cache.insert(value, for: key, hash: cache.hash(key), now: now) {
        output.appendSimpleString("OK")
      } else {
        output.appendError("ERR the value was not kept")
      }
    case 2... where name.equalsIgnoringCase("del"):
      var removed = 0
      for index in 1..<arguments.count {
        let key = arguments.bytes(index, in: request)
        if cache.invalidate(key, hash: cache.hash(key)) { removed &+= 1 }
      }
      output.appendInteger(removed)
    case 1 where name.equalsIgnoringCase("ping"): output.appendSimpleString("PONG")
    default: output.appendError("ERR this server knows GET, SET, DEL and PING")
    }
  }
}
