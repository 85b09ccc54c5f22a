internal import Glibc
internal import ProxyCore

/// Where requests are written down.
enum AccessLogPlace: Equatable, Sendable {
  case off
  case standardError
  case file(String)
}
