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

extension HTTPRequest {
  /// What becomes of a request for a value that has been found.
  enum ConditionVerdict: Equatable {
    case whole
    case part(Range<Int>)
    case notModified
    case problem(HTTPProblem)
  }

  /// Evaluates the conditions, in the order of RFC 9110, section 13.2.2.
  func verdict(on value: HTTPRepresentation) -> ConditionVerdict {
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
