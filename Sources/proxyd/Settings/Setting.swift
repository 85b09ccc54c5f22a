/// One thing that can be set: in the file, by a variable of the environment, or by the flag of the same
/// name.
struct Setting: Sendable {
  /// The variable's name.
  let name: String
  /// What its values are called in the help.
  let valueName: String
  let summary: String
  /// Whether it is never shown.
  let isSecret: Bool
  /// Whether a running proxyd takes over another value.
  let reloads: Bool
  /// Whether what it is by default depends on the machine.
  let dependsOnMachine: Bool
  private let read: @Sendable (String, inout Configuration) throws(FormError) -> Void
  private let write: @Sendable (Configuration) -> String
  private let copy: @Sendable (Configuration, inout Configuration) -> Void
  private let differs: @Sendable (Configuration, Configuration) -> Bool

  init<Value: Equatable>(
    _ name: String, _ place: any WritableKeyPath<Configuration, Value> & Sendable,
    _ form: Form<Value>, _ summary: String, reloads: Bool = true, dependsOnMachine: Bool = false
  ) {
    self.name = name
    self.summary = summary
    self.reloads = reloads
    self.dependsOnMachine = dependsOnMachine
    valueName = form.valueName
    isSecret = form.isSecret
    read = { text, configuration throws(FormError) in
      configuration[keyPath: place] = try form.value(of: text)
    }
    write = { form.text(of: $0[keyPath: place]) }
    copy = { $1[keyPath: place] = $0[keyPath: place] }
    differs = { $0[keyPath: place] != $1[keyPath: place] }
  }

  /// `RESP_PORT` is `--resp-port`.
  var flag: String { "--" + name.lowercased().replacing("_", with: "-") }

  /// Whether it replaces a part of `REDIS_URL`, and is shown there.
  var isPart: Bool { Self.parts.contains(name) }

  private static let parts: Set = ["REDIS_HOST", "REDIS_PORT", "REDIS_USERNAME", "REDIS_PASSWORD"]

  /// Takes over a value that somebody wrote.
  func apply(
    _ text: String, _ configuration: inout Configuration, from source: SettingSource? = nil
  ) throws(ConfigurationError) {
    do throws(FormError) {
      try read(text, &configuration)
    } catch {
      throw ConfigurationError("\(name): \(error.problem)", source)
    }
  }

  /// The value in force, as somebody would write it; a secret is masked.
  func text(_ configuration: Configuration) -> String { write(configuration) }

  func differs(between one: Configuration, and other: Configuration) -> Bool { differs(one, other) }

  func copy(from one: Configuration, to other: inout Configuration) { copy(one, &other) }

  static func named(_ name: String) -> Setting? { byName[name] }

  private static let byName = Dictionary(
    all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
