internal import ProxyCore

/// Whose pages may read what this server answers: `HTTP_CORS_ORIGIN`.
package enum CrossOrigin: Equatable, Sendable {
  case noOrigin
  case everybody
  /// The pages of these origins, each as browsers write it: `https://example.com:8443`.
  case listed([[UInt8]])

  /// What the setting says: nothing, `*`, or origins with spaces or commas between them. nil where
  /// one of them is none, such as one with a path.
  package init?(_ setting: String) {
    let origins = setting.split { $0 == " " || $0 == "," }.map { Array($0.utf8) }
    if origins.isEmpty {
      self = .noOrigin
    } else if origins == [Array("*".utf8)] {
      self = .everybody
    } else {
      guard origins.count <= Limits.httpOriginsMax, origins.allSatisfy(Self.isOrigin) else {
        return nil
      }
      self = .listed(origins)
    }
  }

  /// A scheme, `://`, and a host with or without a port.
  private static func isOrigin(_ text: [UInt8]) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0,
      text[colon...].starts(with: "://".utf8)
    else { return false }
    let host = text[(colon + 3)...]
    return !host.isEmpty && host.allSatisfy(FieldSyntax.isHost) && !host.contains(UInt8(ascii: "*"))
      && text[..<colon].allSatisfy(FieldSyntax.isToken)
  }

  /// Whether a page of this origin came from the server that it asks under the name of `host`.
  static func isOwn(_ origin: RawSpan, host: RawSpan) -> Bool {
    for scheme: StaticString in ["http://", "https://"] {
      let start = scheme.utf8CodeUnitCount
      if !host.isEmpty, origin.byteCount == start &+ host.byteCount,
        origin.extracting(0..<start).equals(scheme),
        origin.extracting(start..<origin.byteCount).equals(host)
      {
        return true
      }
    }
    return false
  }

  /// What to answer about the origin of one request.
  enum OriginVerdict: Equatable, Sendable {
    case silence
    case everybody
    /// The listed one with this number.
    case listed(Int)
  }

  func verdict(on origin: RawSpan) -> OriginVerdict {
    switch self {
    case .noOrigin: return .silence
    case .everybody: return .everybody
    case .listed(let origins):
      for (place, listed) in origins.enumerated() {
        if listed.rawSpan.isSame(as: origin) { return .listed(place) }
      }
      return .silence
    }
  }

  /// Whether responses differ by the origin that asks.
  var varies: Bool {
    if case .listed = self { true } else { false }
  }
}
