import Glibc
import TestSupport
import Testing

/// The programs that people use with Redis.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct RealClientTests {
  /// What a line of shell prints, and how it ends; `$PORT` is the proxy's.
  private func run(_ line: String, _ stack: Stack) throws -> (text: String, status: Int32) {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let child = try ChildProcess(
      ["timeout", "120", "sh", "-c", line], output: directory + "/output",
      variables: ["PORT=\(stack.port)"])
    let status = child.wait()
    guard let file = unsafe fopen(directory + "/output", "r") else {
      throw ToolError("\(line) left no output")
    }
    defer { unsafe fclose(file) }
    var text: [UInt8] = []
    while case let byte = unsafe fgetc(file), byte >= 0 { text.append(UInt8(byte)) }
    return (String(decoding: text, as: UTF8.self), status)
  }

  static let lines = [
    ("redis-cli -p $PORT get k", "v\n"), ("redis-cli -3 -p $PORT hgetall h", "f v\n"),
    ("redis-cli -p $PORT -n 3 get k", "\n"), ("redis-cli -p $PORT --scan --pattern 'k*'", "k\n"),
    ("redis-cli -p $PORT --bigkeys", "Biggest string found"),
    ("redis-cli -p $PORT --memkeys", "Biggest string found"),
    ("timeout -s INT 2 stdbuf -oL redis-cli -p $PORT --stat -i 0.1", "keys"),
    ("timeout -s INT 2 redis-cli -p $PORT --latency -i 1", " "),
    ("timeout -s INT 2 redis-cli -p $PORT --intrinsic-latency 1", "Max latency"),
    (
      "printf 'SET piped 1\\r\\nINCR piped\\r\\n' | redis-cli -p $PORT --pipe",
      "errors: 0, replies: 2"
    ),
    ("printf 'multi\\nincr n\\nexec\\n' | redis-cli -p $PORT", "OK\nQUEUED\n1\n"),
    ("redis-cli -p $PORT -r 3 incr r", "1\n2\n3\n"),
    ("redis-cli -p $PORT --csv lrange l 0 -1", "\"a\""),
    ("redis-cli -p $PORT eval 'return KEYS[1]' 1 x", "x\n"),
    ("redis-cli -p $PORT foo", "unknown command"),
    ("redis-cli -p $PORT --json -3 hgetall h", "{\"f\":\"v\"}"),
    (
      "(sleep 0.5; redis-cli -p $PORT publish ch hello) & timeout 3 redis-cli -p $PORT subscribe ch",
      "hello"
    ),
    ("(sleep 0.5; redis-cli -p $PORT get seen) & timeout 3 redis-cli -p $PORT monitor", "\"seen\""),
    ("redis-cli -p $PORT --hotkeys", "LFU maxmemory policy"),
    (
      "(sleep 0.5; redis-cli -p $PORT publish ch hello) & timeout 3 redis-cli -3 -p $PORT psubscribe 'c*'",
      "hello"
    ),
    (
      "awk 'BEGIN { for (n = 0; n < 20000; n++) "
        + "printf \"*3\\r\\n$3\\r\\nSET\\r\\n$4\\r\\nbulk\\r\\n$1\\r\\nv\\r\\n\" }' "
        + "| redis-cli -p $PORT --pipe", "errors: 0, replies: 20000"
    ),
    (
      "printf 'a long value' | redis-cli -p $PORT -x set stdin; redis-cli -p $PORT strlen stdin",
      "12\n"
    ),
    ("timeout -s INT 3 stdbuf -oL redis-cli -p $PORT --latency-history -i 1", " "),
    ("timeout 5 redis-cli -p $PORT --rdb /dev/null 2>&1", "replication does not pass"),
    ("timeout 5 redis-cli -p $PORT --replica 2>&1", "replication does not pass"),
    ("redis-cli -3 -p $PORT client tracking on", "OK\n"),
    (
      "printf 'hello 3\\nget k\\nsubscribe a\\n' | timeout 3 redis-cli -3 -p $PORT",
      "v\nsubscribe\na\n1\n"
    ),
    ("redis-cli -p $PORT info server", "redis_version:"),
  ]

  @Test func `redis-cli does what it does with Redis`() throws {
    let stack = try Stack()
    for words in [["SET", "k", "v"], ["HSET", "h", "f", "v"], ["RPUSH", "l", "a"]] {
      let client = try stack.connect()
      try client.send(words)
      _ = try client.receive()
    }
    for (line, expected) in Self.lines {
      let (text, _) = try run(line, stack)
      #expect(text.contains(expected), "\(line)")
    }
  }

  @Test(arguments: [1, 16]) func `redis-benchmark finds every command`(_ depth: Int) throws {
    let stack = try Stack()
    let (text, status) = try run(
      "redis-benchmark -p $PORT -n 500 -c 20 -P \(depth) -r 100 --csv", stack)
    #expect(status == 0)
    #expect(!text.contains("Error") && !text.contains("error"), "\(text)")
    for name in [
      "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD",
      "HSET", "SPOP", "ZADD", "ZPOPMIN", "LRANGE_600 (first 600 elements)", "MSET (10 keys)",
    ] {
      #expect(text.contains("\"\(name)\""), "\(name): \(text)")
    }
    for name in [
      "ping", "set", "get", "incr", "lpush", "rpush", "lpop", "rpop", "sadd", "hset", "spop",
      "zadd", "zpopmin", "lrange", "lrange_100", "lrange_300", "lrange_500", "lrange_600", "mset",
    ] {
      let (text, status) = try run(
        "redis-benchmark -p $PORT -n 100 -c 5 -P \(depth) -q -t \(name)", stack)
      #expect(status == 0 && text.contains("requests per second"), "\(name): \(text)")
    }
    let (other, otherStatus) = try run(
      "redis-benchmark -p $PORT -n 200 -q -3 -t get,set,incr; redis-benchmark -p $PORT -n 100 -q xadd s '*' f v",
      stack)
    #expect(otherStatus == 0 && !other.lowercased().contains("error"), "\(other)")
    try stack.expectIdle()
  }

  /// Whether programs can be built with hiredis.
  static let hasHiredis = {
    guard unsafe access("/usr/include/hiredis/async.h", R_OK) == 0 else { return false }
    return (try? ChildProcess(["cc", "--version"]))?.wait() == 0
  }()

  @Test(.enabled(if: hasHiredis, "cc or hiredis is not installed: make deps"))
  func `hiredis does what it does with Redis`() throws {
    let stack = try Stack()
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let source = "\(root)/Suites/hiredis-programs"
    let (errors, status) = try run(
      "cc -I/usr/include/hiredis -I\(source) -o \(directory)/client \(source)/client.c -lhiredis",
      stack)
    #expect(status == 0, "\(errors)")
    let (text, end) = try run("\(directory)/client $PORT", stack)
    #expect(end == 0 && text.contains("everything as with Redis"), "\(text)")
    try stack.expectIdle()
  }

  /// Where `make deps` puts redis-py, or wherever the system has it.
  static let python = {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    for program in ["/\(root)/.build/python/bin/python", "python3"] {
      guard let probe = try? ChildProcess([program, "-c", "import redis"]) else { continue }
      if probe.wait() == 0 { return program as String? }
    }
    return nil
  }()

  @Test(.enabled(if: python != nil, "redis-py is not installed: make deps"))
  func `redis-py does what it does with Redis`() throws {
    let stack = try Stack()
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let python = try #require(Self.python)
    let (text, status) = try run("\(python) /\(root)/Suites/redis_py.py $PORT", stack)
    #expect(status == 0, "\(text)")
    #expect(text.contains("everything as with Redis"))
  }
}
