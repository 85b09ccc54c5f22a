/// A file of settings: lines of `NAME=value`, empty ones, and comments, which begin with `#`. It can be
/// given to a shell, to systemd and to Docker as well, so quotes around a value are taken off, and
/// nothing else is special.
package struct ConfigurationFile: Equatable {
  /// Read where no other is named, if it is there.
  static let defaultPath = "config/proxyd.env"
  /// What no file of settings is larger than.
  static let bytesMax = 1 << 20

  struct Assignment: Equatable {
    let text: String
    let source: SettingSource
  }

  private(set) var entries: [String: Assignment] = [:]

  /// - Parameter path: What errors call it.
  package init(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw ConfigurationError("\(path): it is not a text in UTF-8")
    }
    // By bytes, here and below: what a mark is must not depend on accents that come after it.
    let lines = text.utf8.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, bytes) in lines.enumerated() {
      let line = Self.trimmed(Substring(bytes.last == 13 ? bytes.dropLast() : bytes))
      if line.isEmpty || line.utf8.first == UInt8(ascii: "#") { continue }
      try add(line, .file(path, line: index + 1))
    }
  }

  private mutating func add(
    _ line: Substring, _ source: SettingSource
  ) throws(ConfigurationError) {
    // What is wrong is not quoted before it is known to be a name: it may be a secret.
    guard let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) else {
      throw ConfigurationError("NAME=value is needed", source)
    }
    let name = String(Self.trimmed(line[..<equals]))
    guard Setting.named(name) != nil else {
      throw ConfigurationError("unknown setting \(quoted(name)); see proxyd --help", source)
    }
    let text = Self.unquoted(Self.trimmed(line[line.utf8.index(after: equals)...]))
    if case .file(_, let first)? = entries[name]?.source {
      throw ConfigurationError("\(name): it was set in line \(first) already", source)
    }
    entries[name] = Assignment(text: String(text), source: source)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    var bytes = text.utf8.drop(while: isSpace)
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    return Substring(bytes)
  }

  private static func unquoted(_ text: Substring) -> Substring {
    let bytes = text.utf8
    guard bytes.count >= 2, let mark = bytes.first, bytes.last == mark,
      mark == UInt8(ascii: "\"") || mark == UInt8(ascii: "'")
    else { return text }
    return Substring(bytes.dropFirst().dropLast())
  }

  /// In quotes where it would not be read as it is without them.
  private static func written(_ text: String) -> String {
    unquoted(trimmed(text[...])) == text ? text : "\"\(text)\""
  }

  /// What a file would have to say for `configuration` to be in force, except for secrets, which are
  /// masked.
  package static func text(of configuration: Configuration) -> String {
    var text = """
      # Settings of proxyd. A variable of the same name in the environment counts instead of what is said
      # here, and a flag (HTTP_PORT is --http-port) instead of both. Empty: as by default.

      """
    let defaults = Configuration()
    for theme in Setting.themes {
      text += "\n# --- \(theme.title) ---\n"
      for setting in theme.settings {
        var value = setting.text(configuration)
        if setting.dependsOnMachine && value == setting.text(defaults) { value = "" }
        text += "\n# \(setting.summary) (\(setting.valueName))\n\(setting.name)=\(written(value))\n"
      }
    }
    return text
  }
}
