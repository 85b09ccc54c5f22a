/// Why proxyd does not start: one line for people, which says where what is wrong was written.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  let problem: String
  let source: SettingSource?

  init(_ problem: String, _ source: SettingSource? = nil) {
    self.problem = problem
    self.source = source
  }

  package var description: String { problem + (source.map { " (\($0))" } ?? "") }
}
