internal import ProxyCore

/// A value that is at hand, with what is known of it.
package struct HTTPValue: ~Escapable {
  package let bytes: RawSpan
  /// Whether it is UTF-8 throughout.
  package let isText: Bool
  package let hash: UInt64

  /// - Parameter hash: The `ContentHash` of the bytes.
  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, isText: Bool, hash: UInt64) {
    self.bytes = bytes
    self.isText = isText
    self.hash = hash
  }

  var representation: HTTPRepresentation {
    HTTPRepresentation(
      form: isText ? .text : .octets, count: bytes.byteCount,
      tag: EntityTag(hash: hash, isJSON: false))
  }
}

/// What the head of a response says of its body.
package struct HTTPRepresentation: Sendable {
  package enum Form: Sendable {
    case text, octets, json

    /// The lines that every body of this form has.
    package var lines: StaticString {
      switch self {
      case .text:
        """
        Content-Type: text/plain; charset=utf-8\r
        X-Content-Type-Options: nosniff\r
        Accept-Ranges: bytes\r\n
        """
      case .octets:
        """
        Content-Type: application/octet-stream\r
        X-Content-Type-Options: nosniff\r
        Accept-Ranges: bytes\r\n
        """
      case .json:
        "Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n"
      }
    }
  }

  let form: Form
  /// How long the body is.
  let count: Int
  let tag: EntityTag?

  init(form: Form, count: Int, tag: EntityTag?) {
    self.form = form
    self.count = count
    self.tag = tag
  }

  /// A value that is too large to be kept, and is sent on as it comes: nobody knows yet what is in
  /// it, so it has no tag and is not sent in parts.
  package static func streamed(count: Int) -> HTTPRepresentation {
    HTTPRepresentation(form: .octets, count: count, tag: nil)
  }

  /// A value that lies elsewhere and is not to be copied.
  package static func shared(count: Int, isText: Bool, hash: UInt64) -> HTTPRepresentation {
    HTTPRepresentation(
      form: isText ? .text : .octets, count: count, tag: EntityTag(hash: hash, isJSON: false))
  }
}

extension HTTPRequest {
  /// What becomes of a request for a value that has been found.
  enum Verdict: Equatable {
    case whole
    case part(Range<Int>)
    case notModified
    case problem(HTTPProblem)
  }

  /// Evaluates the conditions, in the order of RFC 9110, section 13.2.2.
  func verdict(on value: HTTPRepresentation) -> Verdict {
    guard let conditions else { return .whole }
    if let ifMatch = conditions.ifMatch, !ifMatch.matches(value.tag) {
      return .problem(.preconditionFailed)
    }
    if let ifNoneMatch = conditions.ifNoneMatch, ifNoneMatch.matches(value.tag) {
      return .notModified
    }
    if conditions.range == .whole || value.tag == nil || value.form == .json { return .whole }
    if let ifRange = conditions.ifRange, ifRange != value.tag { return .whole }
    guard let part = conditions.range.bytes(of: value.count) else {
      return .problem(.rangeNotSatisfiable)
    }
    return part.isEmpty ? .whole : .part(part)
  }
}
