internal import ProxyCore

/// What the head of a response says of its body.
package struct HTTPRepresentation: Sendable {
  package enum BodyForm: Sendable {
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

  let form: BodyForm
  /// How long the body is.
  let count: Int
  let tag: EntityTag?

  init(form: BodyForm, count: Int, tag: EntityTag?) {
    self.form = form
    self.count = count
    self.tag = tag
  }

  /// A value that is too large to be kept, and is sent on as it comes: it is not known yet what is in
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
