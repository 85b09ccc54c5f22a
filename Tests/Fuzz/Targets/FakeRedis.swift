import ProxyCore
import TestSupport

/// A Redis that answers at once, and every command in its form: some as Redis would, and all others with
/// a number.
final class FakeRedis: Sendable {
  let port: UInt16
  private let loop: LoopThread
  private let values = Shared<[[UInt8]: [UInt8]]>([:])

  init() throws {
    loop = try LoopThread(name: "redis")
    let values = values
    let outcome = loop.perform { loop in
      Result { () throws(SystemError) in
        let intake = loop.makeIntake { _ in FakeClient(values) }
        return try loop.listen(on: .loopback(), dealingTo: [intake]).address?.port ?? 0
      }
    }
    port = try outcome?.get() ?? 0
  }

  /// Empties it.
  func forget() { values.change { $0 = [:] } }
}

/// One of its clients.
private final class FakeClient: ConnectionHandler {
  private var parser = RequestParser()
  private var version = RESPVersion.two
  private var channels: Set<[UInt8]> = []
  /// How many commands a transaction has; nil: there is none.
  private var queued: Int?
  private let values: Shared<[[UInt8]: [UInt8]]>

  init(_ values: Shared<[[UInt8]: [UInt8]]>) {
    self.values = values
    parser.largeThreshold = .max
  }

  func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
    var offset = 0
    while true {
      let rest = bytes.extracting(offset..<bytes.byteCount)
      switch parser.parse(rest) {
      case .command(let length):
        let words = (0..<parser.arguments.count).map { parser.arguments.bytes($0, in: rest).array }
        answer(words, &connection.output.bytes)
        offset += length
      case .nothing(let length): offset += length
      case .needsMore(let count): return .taken(offset, needing: rest.byteCount + count)
      case .inlineCommand, .large, .refused:
        connection.close()
        return .taken(bytes.byteCount)
      }
    }
  }

  private func answer(_ words: [[UInt8]], _ output: inout ByteBuffer) {
    let name = String(decoding: words.first ?? [], as: UTF8.self).lowercased()
    if let queued, !["exec", "discard", "reset", "multi", "watch", "quit"].contains(name) {
      self.queued = queued + 1
      return output.append("+QUEUED\r\n")
    }
    switch name {
    case "hello": greet(words, &output)
    case "client", "select", "auth", "watch", "unwatch", "monitor", "flushall", "flushdb":
      output.append("+OK\r\n")
    case "ping": output.append("+PONG\r\n")
    case "command": output.append("-ERR it is not known\r\n")
    case "info": output.appendBulk(Array("redis_version:7.0.15\r\nrun_id:abc\r\n".utf8))
    case "multi":
      queued = 0
      output.append("+OK\r\n")
    case "exec", "discard", "reset": endTransaction(name, &output)
    case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
      subscribe(name, words, &output)
    case "blpop", "brpop", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "brpoplpush":
      output.appendNullArray(version)
    default: answerKeys(name, words, &output)
    }
  }

  private func answerKeys(_ name: String, _ words: [[UInt8]], _ output: inout ByteBuffer) {
    let key = words.count > 1 ? words[1] : []
    let value = values.change { $0[key] }
    switch name {
    case "get" where key == Array("list".utf8):
      output.append("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")
    case "get": if let value { output.appendBulk(value) } else { output.appendNull(version) }
    case "strlen": output.appendInteger(value?.count ?? 0)
    case "pttl": output.appendInteger(value == nil ? -2 : key.count % 2 == 0 ? -1 : 5_000)
    case "set" where words.count > 2:
      values.change { $0[key] = Array(words[2].prefix(4_096)) }
      output.append("+OK\r\n")
    case "del":
      values.change { for key in words.dropFirst() { $0[key] = nil } }
      output.appendInteger(value == nil ? 0 : 1)
    case "echo": output.appendBulk(key)
    default: output.appendInteger(words.count)
    }
  }

  private func greet(_ words: [[UInt8]], _ output: inout ByteBuffer) {
    if words.count > 1 { version = words[1] == [UInt8(ascii: "3")] ? .three : .two }
    output.appendMapHeader(count: 4, version)
    for (name, value) in [("server", "redis"), ("version", "7.0.15"), ("role", "master")] {
      output.appendBulk(Array(name.utf8))
      output.appendBulk(Array(value.utf8))
    }
    output.appendBulk(Array("proto".utf8))
    output.appendInteger(version == .three ? 3 : 2)
  }

  private func endTransaction(_ name: String, _ output: inout ByteBuffer) {
    let count = queued
    queued = nil
    switch (name, count) {
    case ("reset", _):
      version = .two
      channels = []
      output.append("+RESET\r\n")
    case (_, nil): output.append("-ERR without MULTI\r\n")
    case ("exec", let count?):
      output.appendArrayHeader(count: count)
      for _ in 0..<count { output.append("+OK\r\n") }
    default: output.append("+OK\r\n")
    }
  }

  /// A confirmation for each channel.
  private func subscribe(_ name: String, _ words: [[UInt8]], _ output: inout ByteBuffer) {
    let isEnd = name.contains("unsub")
    let named = Array(words.dropFirst())
    let concerned = isEnd && named.isEmpty ? Array(channels) : named
    for channel in concerned.isEmpty ? [nil] : concerned.map(Optional.some) {
      if let channel { if isEnd { channels.remove(channel) } else { channels.insert(channel) } }
      output.appendPushHeader(count: 3, version)
      output.appendBulk(Array(name.utf8))
      if let channel { output.appendBulk(channel) } else { output.appendNull(version) }
      output.appendInteger(channels.count)
    }
  }
}
