/// Where a value was written.
enum SettingSource: Equatable, Sendable, CustomStringConvertible {
  case flag(String)
  case environment
  case file(String, line: Int)

  var description: String {
    switch self {
    case .flag(let name): name
    case .environment: "environment"
    case .file(let path, let line): "\(path), line \(line)"
    }
  }
}
