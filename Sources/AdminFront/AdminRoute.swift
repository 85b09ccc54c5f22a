internal import HTTP
internal import ProxyCore

/// What can be asked for.
enum AdminRoute: Equatable {
  case metrics, health, readiness, statistics, page

  init?(_ path: RawSpan) {
    if path.equals("/metrics") {
      self = .metrics
    } else if path.equals("/healthz") {
      self = .health
    } else if path.equals("/readyz") {
      self = .readiness
    } else if path.equals("/stats") {
      self = .statistics
    } else if path.equals("/") || path.byteCount == 0 {
      self = .page
    } else {
      return nil
    }
  }

  /// Whether every loop has to tell of itself first.
  var needsReports: Bool {
    switch self {
    case .metrics, .health, .statistics: true
    case .readiness, .page: false
    }
  }
}

extension HTTPProblem {
  static let routeUnknown = HTTPProblem(
    .notFound, "there is /, /metrics, /healthz, /readyz and /stats")
  static let adminMethodNotAllowed = HTTPProblem(
    .methodNotAllowed, "nothing can be changed here: GET or HEAD")
  static let adminHostForeign = HTTPProblem(
    .misdirectedRequest, "only an address, localhost or ADMIN_HOST is answered as the Host")
}
