/// How lines of a log are written.
package enum LogFormat: String, CaseIterable, Sendable {
  /// For people.
  case text
  /// An object a line, for programs.
  case json
}
