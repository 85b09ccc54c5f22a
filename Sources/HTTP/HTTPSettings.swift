/// What an operator decides about the HTTP front.
package struct HTTPSettings: Sendable {
  /// What clients must give; empty: nothing is asked for.
  package var password: [UInt8] = []
  /// Whether `PUT` and `DELETE` are there.
  package var allowsWrites = false
  /// Whether pages of other origins, those that may read, may do so too.
  package var allowsCrossOriginWrites = false
  /// For how long caches on the way may answer by themselves; 0: they ask every time.
  package var maxAgeSeconds = 0
  /// Under which names requests are answered.
  package var hosts = HostRule.any
  package var crossOrigin = CrossOrigin.noOrigin

  package init() {}

  /// What has to be looked at of a request.
  package var checks: HTTPChecks {
    var checks: HTTPChecks = hosts == .any ? [] : .host
    if !password.isEmpty { checks.insert(.password) }
    return checks
  }
}
