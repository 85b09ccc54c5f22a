internal import AdminFront
internal import Glibc
internal import HTTP
internal import HTTPFront
internal import ProxyCore
internal import RESPFront

enum CacheCoherence: String, CaseIterable, Sendable {
  case auto, tracking, ttl

  var setting: ProxySettings.Coherence {
    switch self {
    case .auto: .auto
    case .tracking: .tracking
    case .ttl: .timeToLive
    }
  }
}
