/// What the command line asks for.
package struct Invocation: Equatable {
  enum Action: Equatable {
    case run, check, help, version, printConfiguration
    case top(TopOptions)
  }

  var action = Action.run
  /// The file of settings that is named; nil for the one that is looked for.
  var file: String?
  /// Values by the names of their settings.
  package var flags: [String: String] = [:]

  /// Reads the words after the program's name: `--resp-port 1` or `--resp-port=1`.
  package init(_ words: some Sequence<String>) throws(ConfigurationError) {
    var words = words.makeIterator()
    while let word = words.next() {
      switch word {
      case "top" where action == .run: action = .top(TopOptions())
      case "--help", "-h": action = .help
      case "--version": action = .version
      case "--check": action = .check
      case "--print-config": action = .printConfiguration
      default: try read(word, &words)
      }
      // `--help` works whatever else is wrong.
      if action == .help || action == .version { return }
    }
  }

  private mutating func read(
    _ word: String, _ words: inout some IteratorProtocol<String>
  ) throws(ConfigurationError) {
    // What follows the name may be a secret and is not quoted.
    if case .top(var options) = action, word == "--once" || !word.hasPrefix("-") {
      if word == "--once" {
        options.isOnce = true
      } else if options.address == nil {
        options.address = word
      } else {
        throw ConfigurationError("top: one address is enough, and \(quoted(word)) is another")
      }
      action = .top(options)
      return
    }
    // By bytes: with an accent behind it, a character is no "=", and a secret would be a part of the name.
    let parts = word.utf8.split(
      separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
    ).map { String(Substring($0)) }
    let flag = parts.first ?? word
    let setting = Setting.all.first { $0.flag == flag }
    guard setting != nil || flag == "--config" else {
      throw ConfigurationError("unknown argument \(quoted(flag)); see proxyd --help")
    }
    let name = setting?.name ?? "config"
    guard let value = parts.count > 1 ? parts[1] : words.next() else {
      throw ConfigurationError("\(name): \(flag) needs a value")
    }
    if parts.count == 1 && value.utf8.starts(with: "--".utf8) {
      throw ConfigurationError(
        "\(name): \(flag) needs a value, and another option follows; one that begins with -- is"
          + " written \(flag)=VALUE")
    }
    if let setting { flags[setting.name] = value } else { file = value }
  }

  static var help: String {
    let defaults = Configuration()
    let themes = Setting.themes.map { theme in
      let lines = theme.settings.map { setting in
        let usage = "  \(setting.flag) \(setting.valueName)"
        let padding = String(repeating: " ", count: max(0, 32 - usage.count))
        let what = "\(setting.summary) [\(setting.text(defaults))]"
        let isShort = usage.count < 32 && 32 + what.count <= 100
        return isShort
          ? usage + padding + what
          : "\(usage)\n\(String(repeating: " ", count: 32))\(what)"
      }
      return "\(theme.title):\n\(lines.joined(separator: "\n"))\n"
    }
    return """
      usage: proxyd [--NAME VALUE]... [--config FILE] [--check | --print-config | --help | --version]
             proxyd top [HOST:PORT] [--once] [--NAME VALUE]... [--config FILE]

      A near cache for Redis. Each flag is also a variable of the environment and of the file:
      --resp-port is RESP_PORT. Flags beat the environment, which beats the file.

      \(themes.joined(separator: "\n"))
      Otherwise:
        --config FILE                 settings, as lines of NAME=value [\(ConfigurationFile.defaultPath)]
                                      Passwords belong there, or into the environment: every user of
                                      the machine sees flags at the start, until they are overwritten
        --check                       says what is in force, and exits
        --print-config                the same as a file of settings, without secrets
        --version, --help
        top [HOST:PORT] [--once]      shows what a running proxyd does, every second, or just once;
                                      without HOST:PORT the one of ADMIN_HOST and ADMIN_PORT

      Signals: SIGTERM and SIGINT end it when requests in flight are answered, and a second one at once;
      SIGHUP has it read its settings again.
      Exit status: 0 ended as told, 1 cannot start, 78 the settings make no sense.

      """
  }
}
