/// What to measure, from the command line.
struct Options: Equatable {
  /// A server given by its command.
  struct Custom: Equatable {
    let name: String
    let command: String
  }

  var servers = ["floor", "memory", "proxyd", "redis", "nutcracker"]
  var custom: [Custom] = []
  var loads: [Load.Kind] = [.get]
  var depths = [1, 16, 64]
  var rounds = 5
  /// For how long wrk sends, each time.
  var seconds = 2
  var requests = 100_000
  var connections = 50
  var keys = 10_000
  var valueBytes = 64
  var baseline = "floor"
  var serverCore = 0
  var loadCore = 1
  var jsonPath: String?
  /// Another proxyd than the one that is built beside this program.
  var proxyd: String?
  /// What `mixed` asks for: so many GETs in a hundred requests, of keys by Zipf's law with this
  /// exponent, or of all alike with 0.
  var readPercent = 90
  var skew = 0.0
  /// How many entries proxyd may keep; nil for as many as by default.
  var cacheCapacity: Int?
  /// How much longer the path to Redis takes, for proxies and for those who go there themselves.
  var delayMilliseconds = 0
  /// Connections that are there and do nothing, beside those that ask.
  var idleConnections = 0

  /// Over HTTP instead of RESP, to servers that are started for it.
  var isHTTP: Bool { loads.contains(.http) }

  /// The programs that send the loads, of those that others have made.
  var generators: [String] {
    isHTTP ? ["wrk"] : loads.contains { $0 != .mixed } ? ["redis-benchmark"] : []
  }

  static let usage = """
    usage: bench [--servers floor,memory,proxyd,redis,nutcracker] [--server NAME=COMMAND]...
                 [--loads get,incr | --loads http [--seconds 2]] [--depths 1,16,64] [--rounds 5] [--requests 100000]
                 [--connections 50]
                 [--keys 10000] [--value-bytes 64] [--baseline floor] [--server-core 0]
                 [--load-core 1] [--json PATH] [--proxyd PATH]
                 [--loads mixed [--seconds 2] [--reads 90] [--skew 0.99]]
                 [--cache ENTRIES] [--delay MILLISECONDS]
           bench suite PATH [--quick] [--envoy] [--rounds 5] [--requests 20000] [--proxyd PATH]
           bench report FOLDER README
    In COMMAND, {port} is where to listen and {redis} the port of a redis-server started for it.
    """

  /// A command line that makes no sense.
  struct Misuse: Error, Equatable { let reason: String }

  init() {}

  init(_ words: some Sequence<String>) throws(Misuse) {
    var words = words.makeIterator()
    while let name = words.next() {
      guard let value = words.next() else { throw Misuse(reason: "\(name) needs a value") }
      switch name {
      case "--servers": servers = Self.list(value)
      case "--server": custom.append(try Self.custom(value))
      case "--loads": loads = try Self.loads(value)
      case "--depths":
        depths = []
        for depth in Self.list(value) { depths.append(try Self.number(depth, name, 1...1_000)) }
      case "--rounds": rounds = try Self.number(value, name, 1...1_000)
      case "--seconds": seconds = try Self.number(value, name, 1...600)
      case "--requests": requests = try Self.number(value, name, 1...1_000_000_000)
      case "--connections": connections = try Self.number(value, name, 1...10_000)
      case "--keys": keys = try Self.number(value, name, 1...10_000_000)
      case "--value-bytes": valueBytes = try Self.number(value, name, 1...16_384)
      case "--baseline": baseline = value
      case "--server-core": serverCore = try Self.number(value, name, 0...1_023)
      case "--load-core": loadCore = try Self.number(value, name, 0...1_023)
      case "--json": jsonPath = value
      case "--proxyd": proxyd = value
      case "--reads": readPercent = try Self.number(value, name, 0...100)
      case "--skew": skew = try Self.fraction(value, name)
      case "--delay": delayMilliseconds = try Self.number(value, name, 0...10_000)
      case "--cache": cacheCapacity = try Self.number(value, name, 0...1_000_000_000)
      default: throw Misuse(reason: "unknown option \(name)")
      }
    }
    let names = servers + custom.map(\.name)
    if !names.contains(baseline) { throw Misuse(reason: "the baseline \(baseline) is no server") }
    if Set(names).count < names.count { throw Misuse(reason: "two servers have the same name") }
    if isHTTP && loads != [.http] { throw Misuse(reason: "http is a load for itself") }
    if depths.isEmpty || loads.isEmpty { throw Misuse(reason: "there is nothing to measure") }
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map(String.init)
  }

  private static func custom(_ text: String) throws(Misuse) -> Custom {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, parts[1].contains("{port}") else {
      throw Misuse(reason: "--server needs NAME=COMMAND with {port} in it, not \(text)")
    }
    return Custom(name: String(parts[0]), command: String(parts[1]))
  }

  private static func loads(_ text: String) throws(Misuse) -> [Load.Kind] {
    var loads: [Load.Kind] = []
    for name in list(text) {
      guard let load = Load.Kind(rawValue: name) else { throw Misuse(reason: "no load \(name)") }
      loads.append(load)
    }
    return loads
  }

  private static func fraction(_ text: String, _ name: String) throws(Misuse) -> Double {
    guard let number = Double(text), (0...10).contains(number) else {
      throw Misuse(reason: "\(name) needs a number from 0 to 10, not \(text)")
    }
    return number
  }

  static func number(
    _ text: String, _ name: String, _ range: ClosedRange<Int>
  ) throws(Misuse) -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw Misuse(reason: "\(name) needs a number in \(range), not \(text)")
    }
    return number
  }
}
