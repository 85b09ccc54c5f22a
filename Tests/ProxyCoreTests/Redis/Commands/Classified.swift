import TestSupport
import Testing

@testable import ProxyCore

/// What a table says of one request.
struct Classified {
  let spec: CommandSpec
  let keys: [KeyReference]
  let knowledge: KeyList.Knowledge

  var routing: CommandRouting { spec.routing }
  var effect: CommandEffect { spec.effect }
  /// `1r 2w ~`: places, whether they are written, and `~` where there may be more, `?` where
  /// nothing is known.
  var transcript: String {
    let places = keys.map { "\($0.argument)\($0.isWritten ? "w" : "r")" }
    let rest = knowledge == .exact ? [] : [knowledge == .partial ? "~" : "?"]
    return (places + rest).joined(separator: " ")
  }
}

extension CommandTable {
  /// What is said of the command whose words these are.
  func classified(_ words: [String]) -> Classified {
    let request = request(words)
    var parser = RequestParser()
    parser.largeThreshold = .max
    let verdict = unsafe parser.parse(request.span.bytes)
    if verdict != .command(length: request.count) {
      Issue.record("\(words) is no request: \(verdict)")
    }
    var keys = KeyList()
    let spec = unsafe classify(parser.arguments, in: request.span.bytes, keys: &keys)
    return Classified(
      spec: spec, keys: (0..<keys.count).map { keys[$0] }, knowledge: keys.knowledge)
  }

  /// What is said of a command whose words are separated by spaces; `""` is an empty one.
  func classified(_ line: String) -> Classified { classified(words(line)) }

  func command(_ name: String) -> CommandSpec {
    let parts = name.split(separator: "|").map { Array($0.utf8) }
    guard let first = parts.first else { return .unknown }
    let spec = unsafe command(named: first.span.bytes)
    guard parts.count > 1 else { return spec }
    let own = parts[1]
    return unsafe command(named: own.span.bytes, of: spec)
  }
}

func words(_ line: String) -> [String] {
  line.split(separator: " ").map { $0 == "\"\"" ? "" : String($0) }
}

/// A request with these words.
func request(_ words: [String]) -> [UInt8] {
  written { buffer in
    buffer.appendCommand(argumentCount: words.count)
    for word in words { buffer.appendArgument(Array(word.utf8)) }
  }
}
