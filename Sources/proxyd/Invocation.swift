/// What the command line asks for.
struct Invocation: Equatable {
  enum Action: Equatable {
    case run, check, help, version
  }

  var action = Action.run
  /// Values by the names of their settings.
  var flags: [String: String] = [:]

  /// Reads the words after the program's name: `--resp-port 1` or `--resp-port=1`.
  init(_ words: some Sequence<String>) throws(ConfigurationError) {
    var words = words.makeIterator()
    while let word = words.next() {
      switch word {
      case "--help", "-h": action = .help
      case "--version": action = .version
      case "--check": action = .check
      default:
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let flag = parts.first.map(String.init) ?? word
        guard let setting = Setting.all.first(where: { $0.flag == flag }) else {
          throw ConfigurationError("unknown argument \(flag.debugDescription); see proxyd --help")
        }
        guard let value = parts.count > 1 ? String(parts[1]) : words.next() else {
          throw ConfigurationError("\(setting.name): \(flag) needs a value")
        }
        flags[setting.name] = value
      }
      // Whoever asks for help gets it, whatever else is wrong.
      if action == .help || action == .version { return }
    }
  }

  static var help: String {
    let defaults = Configuration()
    let lines = Setting.all.map { setting in
      let usage = "  \(setting.flag) \(setting.placeholder)"
      let padding = String(repeating: " ", count: max(2, 24 - usage.count))
      return "\(usage)\(padding)\(setting.summary) [\(setting.text(defaults))]"
    }
    return """
      usage: proxyd [--NAME VALUE]...

      A near cache for Redis. Each flag is also a variable of the environment: \
      --resp-port is RESP_PORT.
      Flags beat the environment.

      \(lines.joined(separator: "\n"))

        --check               says what is in force, and exits
        --version, --help

      """
  }
}
