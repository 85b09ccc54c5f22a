internal import ProxyCore

/// What a request wants to do. Names are told apart by case, as the standard has it.
package enum HTTPMethod: Equatable, Sendable {
  case get, head, options, put, delete
  /// Methods that exist and that no key has.
  case post, patch, trace, connect
  /// None that the standards know.
  case unknown

  /// The method called `name`.
  init(_ name: RawSpan) {
    switch name.byteCount {
    case 3 where name.equals("GET"): self = .get
    case 3 where name.equals("PUT"): self = .put
    case 4 where name.equals("HEAD"): self = .head
    case 4 where name.equals("POST"): self = .post
    case 5 where name.equals("PATCH"): self = .patch
    case 5 where name.equals("TRACE"): self = .trace
    case 6 where name.equals("DELETE"): self = .delete
    case 7 where name.equals("OPTIONS"): self = .options
    case 7 where name.equals("CONNECT"): self = .connect
    default: self = .unknown
    }
  }
}
