internal import ProxyCore

/// The header fields that mean something here. Others are checked for their form and forgotten.
package enum HTTPField: UInt8, CaseIterable, Sendable {
  case accept, accessControlRequestMethod, authorization, connection, contentEncoding
  case contentLength, contentRange, expect, host, ifMatch, ifNoneMatch, ifRange, origin, range
  case transferEncoding

  /// The field called `name`, in whatever case.
  init?(_ name: RawSpan) {
    switch name.byteCount {
    case 4 where name.equalsIgnoringCase("host"): self = .host
    case 5 where name.equalsIgnoringCase("range"): self = .range
    case 6 where name.equalsIgnoringCase("accept"): self = .accept
    case 6 where name.equalsIgnoringCase("expect"): self = .expect
    case 6 where name.equalsIgnoringCase("origin"): self = .origin
    case 8 where name.equalsIgnoringCase("if-match"): self = .ifMatch
    case 8 where name.equalsIgnoringCase("if-range"): self = .ifRange
    case 10 where name.equalsIgnoringCase("connection"): self = .connection
    case 13 where name.equalsIgnoringCase("if-none-match"): self = .ifNoneMatch
    case 13 where name.equalsIgnoringCase("authorization"): self = .authorization
    case 13 where name.equalsIgnoringCase("content-range"): self = .contentRange
    case 14 where name.equalsIgnoringCase("content-length"): self = .contentLength
    case 16 where name.equalsIgnoringCase("content-encoding"): self = .contentEncoding
    case 17 where name.equalsIgnoringCase("transfer-encoding"): self = .transferEncoding
    case 29 where name.equalsIgnoringCase("access-control-request-method"):
      self = .accessControlRequestMethod
    default: return nil
    }
  }

  /// Whether it may come in several lines, which then count as one list.
  var isList: Bool {
    switch self {
    case .accept, .connection, .contentEncoding, .ifMatch, .ifNoneMatch: true
    default: false
    }
  }
}

extension HTTPField {
  /// As it is usually written.
  var name: String {
    switch self {
    case .accept: "Accept"
    case .accessControlRequestMethod: "Access-Control-Request-Method"
    case .authorization: "Authorization"
    case .connection: "Connection"
    case .contentEncoding: "Content-Encoding"
    case .contentLength: "Content-Length"
    case .contentRange: "Content-Range"
    case .expect: "Expect"
    case .host: "Host"
    case .ifMatch: "If-Match"
    case .ifNoneMatch: "If-None-Match"
    case .ifRange: "If-Range"
    case .origin: "Origin"
    case .range: "Range"
    case .transferEncoding: "Transfer-Encoding"
    }
  }
}
