/// A file of settings: lines of `NAME=value`, empty ones, and comments, which begin with `#`. It can be
/// given to a shell, to systemd and to Docker as well, so quotes around a value are taken off, and
/// nothing else is special.
struct ConfigurationFile: Equatable {
  /// Read where no other is named, if it is there.
  static let defaultPath = "config/proxyd.env"
  /// What no file of settings is larger than.
  static let bytesMax = 1 << 20

  struct Entry: Equatable {
    let text: String
    let source: SettingSource
  }

  private(set) var entries: [String: Entry] = [:]

  /// - Parameter path: What errors call it.
  init(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw ConfigurationError("\(path): it is not a text in UTF-8")
    }
    // Of a line that ends with CR and LF as well, which count as one character.
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let line = Self.trimmed(line)
      if line.isEmpty || line.hasPrefix("#") { continue }
      try add(line, .file(path, line: index + 1))
    }
  }

  private mutating func add(
    _ line: Substring, _ source: SettingSource
  ) throws(ConfigurationError) {
    // What is wrong is not quoted before it is known to be a name: it may be a secret.
    guard let equals = line.firstIndex(of: "=") else {
      throw ConfigurationError("NAME=value is needed", source)
    }
    let name = String(Self.trimmed(line[..<equals]))
    guard Setting.named(name) != nil else {
      throw ConfigurationError("unknown setting \(quoted(name)); see proxyd --help", source)
    }
    let text = Self.unquoted(Self.trimmed(line[equals...].dropFirst()))
    if case .file(_, let first)? = entries[name]?.source {
      throw ConfigurationError("\(name): it was set in line \(first) already", source)
    }
    entries[name] = Entry(text: String(text), source: source)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }

  private static func unquoted(_ text: Substring) -> Substring {
    guard text.count >= 2, let mark = text.first, mark == "\"" || mark == "'", text.last == mark
    else { return text }
    return text.dropFirst().dropLast()
  }

  /// What a file would have to say for `configuration` to be in force, except for secrets, which are
  /// masked.
  static func text(of configuration: Configuration) -> String {
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
        text += "\n# \(setting.summary) (\(setting.valueName))\n\(setting.name)=\(value)\n"
      }
    }
    return text
  }
}
