/// What the settings may ask of a request.
package struct HTTPChecks: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// That its `Host` is none of a stranger's.
  static let host = HTTPChecks(rawValue: 1)
  static let password = HTTPChecks(rawValue: 2)
  package static let all: HTTPChecks = [.host, .password]
}
