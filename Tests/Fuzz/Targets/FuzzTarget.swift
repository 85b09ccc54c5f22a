/// What a fuzzer throws bytes at. It returns, or the process ends: there is no third way.
public struct FuzzTarget: Sendable {
  /// Also of its dictionary and the folder of its corpus.
  public let name: String
  /// Takes one input, of any length.
  public let run: @Sendable ([UInt8]) -> Void

  /// Add here what is to be fuzzed, a folder of seeds and a dictionary; everything else finds it.
  public static let all = [
    FuzzTarget(name: "resp-requests", run: RESPRequestTarget.run),
    FuzzTarget(name: "resp-replies", run: ReplyTarget.run),
    FuzzTarget(name: "resp-link", run: LinkTarget.run),
    FuzzTarget(name: "resp-commands", run: CommandTarget.run),
    FuzzTarget(name: "resp-session", run: SessionTarget.respond),
    FuzzTarget(name: "http-requests", run: HTTPRequestTarget.run),
    FuzzTarget(name: "http-target", run: HTTPTargetTarget.run),
    FuzzTarget(name: "http-fields", run: HTTPFieldTarget.run),
    FuzzTarget(name: "http-session", run: SessionTarget.serve),
    FuzzTarget(name: "redis-url", run: URLTarget.run),
    FuzzTarget(name: "configuration", run: ConfigurationTarget.run),
    FuzzTarget(name: "top-statistics", run: StatisticsTarget.run),
  ]

  /// The target called `name`.
  public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// Ends the process where something does not hold: that is how a fuzzer hears of it.
func demand(_ holds: Bool, _ what: @autoclosure () -> String) {
  // A fuzzer takes note of nothing but a process that ends.
  if !holds { fatalError(what()) }
}

/// How a network may have cut an input: at once, byte by byte, or in pieces that depend on it.
func pieces(of input: [UInt8]) -> [[Int]] {
  let seed = input.reduce(UInt32(input.count)) { ($0 &* 31) &+ UInt32($1) }
  var state = seed | 1
  var random: [Int] = []
  var left = input.count
  while left > 0 {
    state = state &* 1_664_525 &+ 1_013_904_223
    let piece = min(left, 1 + Int(state >> 16) % 24)
    random.append(piece)
    left -= piece
  }
  // Byte by byte, everything is looked at again with each one: too much for long inputs.
  let single = input.count <= 200 ? [Array(repeating: 1, count: input.count)] : []
  return single + [random]
}
