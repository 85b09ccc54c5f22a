import Daemon

/// What operators write in flags, the environment and a file: settings, or one line that says why not. The
/// three have a zero byte between them; words and variables are lines.
enum ConfigurationTarget {
  static func run(_ input: [UInt8]) {
    let parts = input.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    let words = lines(parts[0])
    let variables = parts.count > 1 ? pairs(lines(parts[1])) : [:]
    let file = parts.count > 2 ? Array(parts[2]) : []
    let said = Outcome(words, variables, file)
    switch said {
    case .refused(let line): expectLine(line)
    // What is printed says the same where it is given back, unless a secret was left out.
    case .settings(let text, let warnings):
      for line in warnings { expectLine(line) }
      if !text.contains(mask) {
        let again = Outcome([], [:], Array(text.utf8))
        demand(again == said, "\(said) became \(again)")
      }
    }
    expectNoSecret(words, variables, file, said)
  }

  private enum Outcome: Equatable {
    case settings(String, warnings: [String])
    case refused(String)

    init(_ words: [String], _ variables: [String: String], _ file: [UInt8]) {
      self.init({ () throws(ConfigurationError) in try Invocation(words) }, variables, file)
    }

    init(
      _ invocation: () throws(ConfigurationError) -> Invocation, _ variables: [String: String],
      _ file: [UInt8]
    ) {
      do throws(ConfigurationError) {
        let configuration = try Configuration(
          flags: invocation().flags, environment: { variables[$0] },
          file: ConfigurationFile(file, path: "file"))
        let text = ConfigurationFile.text(of: configuration)
        self = .settings(text, warnings: configuration.warnings)
      } catch {
        self = .refused(error.description)
      }
    }
  }

  private static let mask = "***"
  private static let secrets = ["PASSWORD", "REDIS_PASSWORD"]

  /// Another secret in the same place makes no difference to what is said.
  private static func expectNoSecret(
    _ words: [String], _ variables: [String: String], _ file: [UInt8], _ said: Outcome
  ) {
    guard var invocation = try? Invocation(words) else { return }
    var variables = variables
    for name in secrets {
      invocation.flags[name] = invocation.flags[name].map(another)
      variables[name] = variables[name].map(another)
    }
    let others = Outcome({ invocation }, variables, file)
    demand(others == said, "\(said) tells of a secret: \(others) with another one")
  }

  /// A secret that is as good; what is none stays.
  private static func another(_ secret: String) -> String {
    let isOne =
      secret != mask && secret.utf8.count <= 1_024
      && secret.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    return isOne ? String(repeating: "x", count: secret.utf8.count) : secret
  }

  private static func expectLine(_ line: String) {
    demand(
      line.allSatisfy { !$0.isNewline } && line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F },
      "no line: \(line.debugDescription)")
    demand(!line.isEmpty && line.utf8.count <= 4_096, "\(line.utf8.count) bytes are no line")
  }

  private static func lines(_ bytes: ArraySlice<UInt8>) -> [String] {
    bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func pairs(_ lines: [String]) -> [String: String] {
    let pairs = lines.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    return Dictionary(
      pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
  }
}
