import TestSupport

/// What a Redis has done so far.
struct RedisWork {
  let nanoseconds: UInt64
  let gets: Int

  init(of redis: (port: UInt16, pid: Int32)) throws {
    nanoseconds = try ProcessorTime.nanoseconds(of: redis.pid)
    let reply = try RESPConnection(port: redis.port).query("INFO", "commandstats")
    gets = Self.gets(inStatistics: reply.text ?? "")
  }

  /// `cmdstat_get:calls=123,usec=…`: 123.
  static func gets(inStatistics text: String) -> Int {
    let head = "cmdstat_get:calls="
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(head) }
    return line.flatMap { Int($0.dropFirst(head.count).prefix { $0.isNumber }) } ?? 0
  }
}
