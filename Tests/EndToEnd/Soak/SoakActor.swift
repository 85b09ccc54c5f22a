import Foundation
import TestSupport

/// What one kind of traffic has come to.
struct SoakCount: Sendable {
  var answered = 0
  var failed = 0
  var wrong: [String] = []
}

/// One kind of traffic, on a thread of its own until all is over. Each knows by itself what it may see,
/// since it alone writes what it reads.
struct SoakActor: Sendable {
  let name: String
  /// Does one thing; false where it was not answered. Throws where its connection is lost.
  let step: @Sendable (inout SoakState) throws -> Bool
}

/// What an actor keeps between its steps.
struct SoakState {
  let site: FaultSite
  var random: SeededGenerator
  /// How far it has come with what it does, and how far it was told so.
  var attempted = 0
  var acknowledged = 0
  var last = 0
  var wrong: [String] = []
  private var opened: RESPConnection?
  private var openedHTTP: HTTPConnection?

  init(_ site: FaultSite, seed: UInt64) {
    self.site = site
    random = SeededGenerator(seed: seed)
  }

  /// Its connection, which greets with `greeting` where it is new.
  mutating func resp(_ greeting: [[String]] = []) throws -> RESPConnection {
    if let opened { return opened }
    let connection = try site.proxyd.connect()
    for words in greeting {
      try connection.send(words)
      if try connection.receive().isError { throw ToolError("refused: \(words)") }
    }
    opened = connection
    return connection
  }

  mutating func http() throws -> HTTPConnection {
    let connection = try openedHTTP ?? HTTPConnection(port: site.proxyd.httpPort)
    openedHTTP = connection
    return connection
  }

  mutating func disconnect() {
    opened = nil
    openedHTTP = nil
  }

  /// Numbers of one writer never go back, whatever was lost between them.
  mutating func expect(_ number: Int?, atLeast least: Int, atMost most: Int, _ what: String) {
    guard let number, (least...max(least, most)).contains(number) else {
      wrong.append("\(what): \(number.map(String.init) ?? "none") is not in \(least)...\(most)")
      return
    }
  }

  mutating func expectLarge(_ name: String, _ front: String) {
    expect(Int(name), atLeast: acknowledged, atMost: attempted, "large value \(name) over \(front)")
  }
}

extension SoakActor {
  /// Works until all is over.
  func run(_ site: FaultSite, seed: UInt64, until isOver: Shared<Bool>) -> SoakCount {
    var state = SoakState(site, seed: seed)
    var count = SoakCount()
    while !isOver.value {
      do {
        if try step(&state) {
          count.answered += 1
          usleep(2_000)
          continue
        }
      } catch { state.disconnect() }
      count.failed += 1
      usleep(50_000)
    }
    count.wrong = state.wrong
    return count
  }

  static let all = [
    counter, publisher, queue, largeValues, manyKeys, transactions, scripts, vanishing,
  ]

  /// Increments count once each, or not at all where nobody knows.
  private static let counter = SoakActor(name: "INCR, RESP3") { state in
    let client = try state.resp([["HELLO", "3"]])
    state.attempted += 1
    guard case .integer(let value) = try client.query("INCR", "soak:n") else { return false }
    state.acknowledged += 1
    let least = max(state.acknowledged, state.last + 1)
    state.expect(value, atLeast: least, atMost: state.attempted, "INCR")
    state.last = value
    return true
  }

  /// Messages come in order, each once at most, to a subscriber on the same thread.
  private static let publisher = SoakActor(name: "pub/sub") { state in
    let subscriber = try state.resp([["HELLO", "3"], ["SUBSCRIBE", "soak:channel"]])
    state.attempted += 1
    // In RESP3 a subscriber may ask as well.
    try subscriber.send(["PUBLISH", "soak:channel", "\(state.attempted)"])
    var isAnswered = false
    var heard: Int?
    while !isAnswered || heard != state.attempted {
      switch try subscriber.receive() {
      case .push(let words) where words.first?.text == "message":
        let number = words.last?.text.flatMap { Int($0) }
        state.expect(number, atLeast: state.last + 1, atMost: state.attempted, "message")
        heard = number
        state.last = number ?? state.last
      case .push: break
      case .integer(let receivers):
        if receivers == 0 { throw ToolError("nobody was there to hear it") }
        isAnswered = true
      default: throw ToolError("not published")
      }
    }
    return true
  }

  /// What is pushed is popped in order, and once at most.
  private static let queue = SoakActor(name: "RPUSH, BLPOP") { state in
    let client = try state.resp()
    state.attempted += 1
    guard case .integer = try client.query("RPUSH", "soak:jobs", "\(state.attempted)") else {
      return false
    }
    guard case .array(let words?) = try client.query("BLPOP", "soak:jobs", "1") else {
      return false
    }
    let number = words.last?.text.flatMap { Int($0) }
    state.expect(number, atLeast: state.last + 1, atMost: state.attempted, "BLPOP")
    state.last = number ?? state.last
    return true
  }

  /// Values that no buffer holds whole, written over one front and read over both.
  private static let largeValues = SoakActor(name: "large values, both fronts") { state in
    let client = try state.resp()
    let http = try state.http()
    state.attempted += 1
    let length = Int.random(in: 70_000...400_000, using: &state.random)
    let text = WorkloadValue.text(name: "\(state.attempted)", length: length)
    if Bool.random(using: &state.random) {
      guard try client.query("SET", "soak:large", text) == .simple("OK") else { return false }
    } else {
      try http.send("PUT", "/soak:large", ["Content-Length: \(text.utf8.count)"])
      try http.send(raw: text)
      guard try http.receive().status == 204 else { return false }
    }
    state.acknowledged = state.attempted
    for _ in 0..<3 {
      if case .bulk(let bytes?) = try client.query("GET", "soak:large") {
        let name = WorkloadValue.name(of: bytes)
        state.expectLarge(name, "RESP")
      }
      let response = try http.get("/soak:large")
      if response.status == 200 {
        let name = WorkloadValue.name(of: Array(response.body.utf8))
        state.expectLarge(name, "HTTP")
      }
    }
    return true
  }

  /// More keys than are kept, in pipelines; each key's value begins with its own name.
  private static let manyKeys = SoakActor(name: "pipelines of many keys") { state in
    let client = try state.resp()
    var batch: [UInt8] = []
    var asked: [String?] = []
    for _ in 0..<32 {
      let key = "soak:many:\(Int.random(in: 0..<5_000, using: &state.random))"
      if Int.random(in: 0..<4, using: &state.random) == 0 {
        let padding = String(repeating: "y", count: Int.random(in: 0...500, using: &state.random))
        batch += RESPConnection.encode(["SET", key, "\(key) \(padding)"])
        asked.append(nil)
      } else {
        batch += RESPConnection.encode(["GET", key])
        asked.append(key)
      }
    }
    try client.send(bytes: batch)
    var isWhole = true
    for key in asked {
      switch (key, try client.receive()) {
      case (_, .error): isWhole = false
      case (nil, .simple("OK")), (_?, .bulk(nil)): break
      case (let key?, .bulk(let bytes?)):
        let text = String(decoding: bytes, as: UTF8.self)
        if !text.hasPrefix(key + " ") { state.wrong.append("\(key) is \(text.prefix(40))") }
      case (_, let reply): state.wrong.append("\(key ?? "SET") is answered with \(reply)")
      }
    }
    return isWhole
  }

  /// Two keys that are always written together are never seen apart.
  private static let transactions = SoakActor(name: "MULTI, EXEC, MGET") { state in
    let client = try state.resp()
    state.attempted += 1
    let value = "\(state.attempted)"
    for words in [["MULTI"], ["SET", "soak:left", value], ["SET", "soak:right", value]] {
      try client.send(words)
      if try client.receive().isError { throw ToolError("no transaction") }
    }
    guard try client.query("EXEC") == .array([.simple("OK"), .simple("OK")]) else {
      throw ToolError("not executed")
    }
    guard case .array(let pair?) = try client.query("MGET", "soak:left", "soak:right") else {
      return false
    }
    if pair != [.bulk(value), .bulk(value)] { state.wrong.append("MGET after EXEC: \(pair)") }
    return true
  }

  /// What a script has written is seen by the next read from memory.
  private static let scripts = SoakActor(name: "EVAL, GET") { state in
    let client = try state.resp()
    state.attempted += 1
    let script = "return redis.call('SET', 'soak:' .. ARGV[1], ARGV[2])"
    guard try client.query("EVAL", script, "0", "script", "\(state.attempted)") == .simple("OK")
    else { return false }
    state.acknowledged = state.attempted
    guard case .bulk(let bytes?) = try client.query("GET", "soak:script") else { return false }
    let number = Int(String(decoding: bytes, as: UTF8.self))
    state.expect(number, atLeast: state.acknowledged, atMost: state.attempted, "EVAL, then GET")
    return true
  }

  /// Clients that come, ask, and are gone before they are answered.
  private static let vanishing = SoakActor(name: "clients that vanish") { state in
    let requests = [
      "GET soak:large\r\n", "BLPOP soak:nothing 0\r\n", "SUBSCRIBE soak:other\r\n", "MULTI\r\n",
      "*3\r\n$3\r\nSET\r\n$9\r\nsoak:part\r\n$900000\r\nxxx", "MONITOR\r\n",
    ]
    let web = [
      "GET /soak:large HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "PUT /soak:part HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\nxxx",
    ]
    let number = Int.random(in: 0..<(requests.count + web.count), using: &state.random)
    let isWeb = number >= requests.count
    let socket = try Loopback.connect(
      port: isWeb ? state.site.proxyd.httpPort : state.site.proxyd.port)
    let text = isWeb ? web[number - requests.count] : requests[number]
    try? Loopback.send(Array(text.utf8), to: socket)
    usleep(UInt32.random(in: 0...5_000, using: &state.random))
    if Bool.random(using: &state.random) { Loopback.reset(socket) } else { close(socket) }
    return true
  }
}
