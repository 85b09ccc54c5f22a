internal import ProxyCore

/// Why bytes are no request, or no request that all parsers would understand in the same way. The
/// client gets one response, and then the connection is closed, since where its next request begins
/// is unknown.
package enum HTTPError: Error, Equatable, Sendable {
  case emptyLineRepeated
  case lineFeedBare
  case methodInvalid
  case requestLineInvalid
  case targetInvalid
  case targetTooLong
  case versionInvalid
  case versionNotSupported
  case fieldNameInvalid
  case fieldNameSpaced
  case fieldFolded
  case fieldValueInvalid
  case fieldRepeated(HTTPField)
  case fieldsTooLarge
  case fieldsTooMany
  case hostMissing
  case hostInvalid
  case lengthInvalid
  case lengthAndEncoding
  case encodingInvalid
  case encodingUnknown
  case encodingTooNew
  case chunkSizeInvalid
  case chunkLineInvalid
  case chunkLineTooLong
  case chunkEndMissing
  case bodyTooLarge
  /// The request did not become whole in time.
  case requestTooSlow
  /// Whatever it may be: no client from there is served.
  case clientNotServed
  case clientsTooMany
  /// All clients together have sent too much of requests that are not whole, and this one the most.
  case inputTooMuch

  package var status: HTTPStatus {
    switch self {
    case .targetTooLong: .targetTooLong
    case .fieldsTooLarge, .fieldsTooMany: .fieldsTooLarge
    case .bodyTooLarge: .contentTooLarge
    case .encodingUnknown: .notImplemented
    case .versionNotSupported: .versionNotSupported
    case .requestTooSlow: .requestTimeout
    case .clientNotServed: .forbidden
    case .clientsTooMany, .inputTooMuch: .serviceUnavailable
    default: .badRequest
    }
  }
}

extension HTTPError: CustomStringConvertible {
  /// One line for the client.
  package var description: String {
    switch self {
    case .emptyLineRepeated: "empty lines where a request should begin"
    case .lineFeedBare: "a line does not end with CR and LF"
    case .methodInvalid: "the request does not begin with a method; this port speaks plain HTTP/1.1"
    case .requestLineInvalid: "the request line is not METHOD TARGET HTTP/1.1"
    case .targetInvalid: "the request target has bytes that must be escaped"
    case .targetTooLong: "the request line is longer than \(Limits.httpLineBytesMax) bytes"
    case .versionInvalid: "the request line does not end with HTTP/1.1"
    case .versionNotSupported: "this port speaks HTTP/1.1 and HTTP/1.0"
    case .fieldNameInvalid: "a header line does not begin with a name and a colon"
    case .fieldNameSpaced: "a space before the colon of a header line"
    case .fieldFolded: "a header line begins with a space"
    case .fieldValueInvalid: "a header line has a control character"
    case .fieldRepeated(let field): "\(field.name) is given more than once"
    case .fieldsTooLarge: "the header lines are longer than \(Limits.httpFieldBytesMax) bytes"
    case .fieldsTooMany: "there are more than \(Limits.httpFieldsMax) header lines"
    case .hostMissing: "HTTP/1.1 needs a Host"
    case .hostInvalid: "Host is not a host"
    case .lengthInvalid: "Content-Length is not a number"
    case .lengthAndEncoding: "Content-Length and Transfer-Encoding exclude each other"
    case .encodingInvalid: "Transfer-Encoding does not end with chunked"
    case .encodingUnknown: "the only Transfer-Encoding known here is chunked"
    case .encodingTooNew: "HTTP/1.0 has no Transfer-Encoding"
    case .chunkSizeInvalid: "a chunk does not begin with its size"
    case .chunkLineInvalid: "the line before a chunk is malformed"
    case .chunkLineTooLong: "the lines around chunks are too long"
    case .chunkEndMissing: "a chunk does not end where its size says"
    case .bodyTooLarge: "the body is too large"
    case .requestTooSlow: "the request took too long to come"
    case .clientNotServed:
      "only this machine is served: set PASSWORD, or PROTECTED_MODE to no if everybody may read"
    case .clientsTooMany: "there are as many clients as may be: MAX_CLIENTS"
    case .inputTooMuch:
      "all clients together have sent more than CLIENT_INPUT_MAX of unfinished requests, and this one the most"
    }
  }
}
