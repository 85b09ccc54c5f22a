/// The statuses that this server answers with.
package enum HTTPStatus: Int, Equatable, Sendable, CaseIterable {
  case ok = 200
  case noContent = 204
  case partialContent = 206
  case notModified = 304
  case badRequest = 400
  case unauthorized = 401
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case conflict = 409
  case preconditionFailed = 412
  case contentTooLarge = 413
  case targetTooLong = 414
  case mediaTypeUnsupported = 415
  case rangeNotSatisfiable = 416
  case expectationFailed = 417
  case misdirectedRequest = 421
  case fieldsTooLarge = 431
  case notImplemented = 501
  case badGateway = 502
  case serviceUnavailable = 503
  case gatewayTimeout = 504
  case versionNotSupported = 505

  /// The first line of such a response.
  package var line: StaticString {
    switch self {
    case .ok: "HTTP/1.1 200 OK\r\n"
    case .noContent: "HTTP/1.1 204 No Content\r\n"
    case .partialContent: "HTTP/1.1 206 Partial Content\r\n"
    case .notModified: "HTTP/1.1 304 Not Modified\r\n"
    case .badRequest: "HTTP/1.1 400 Bad Request\r\n"
    case .unauthorized: "HTTP/1.1 401 Unauthorized\r\n"
    case .forbidden: "HTTP/1.1 403 Forbidden\r\n"
    case .notFound: "HTTP/1.1 404 Not Found\r\n"
    case .methodNotAllowed: "HTTP/1.1 405 Method Not Allowed\r\n"
    case .requestTimeout: "HTTP/1.1 408 Request Timeout\r\n"
    case .conflict: "HTTP/1.1 409 Conflict\r\n"
    case .preconditionFailed: "HTTP/1.1 412 Precondition Failed\r\n"
    case .contentTooLarge: "HTTP/1.1 413 Content Too Large\r\n"
    case .targetTooLong: "HTTP/1.1 414 URI Too Long\r\n"
    case .mediaTypeUnsupported: "HTTP/1.1 415 Unsupported Media Type\r\n"
    case .rangeNotSatisfiable: "HTTP/1.1 416 Range Not Satisfiable\r\n"
    case .expectationFailed: "HTTP/1.1 417 Expectation Failed\r\n"
    case .misdirectedRequest: "HTTP/1.1 421 Misdirected Request\r\n"
    case .fieldsTooLarge: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    case .notImplemented: "HTTP/1.1 501 Not Implemented\r\n"
    case .badGateway: "HTTP/1.1 502 Bad Gateway\r\n"
    case .serviceUnavailable: "HTTP/1.1 503 Service Unavailable\r\n"
    case .gatewayTimeout: "HTTP/1.1 504 Gateway Timeout\r\n"
    case .versionNotSupported: "HTTP/1.1 505 HTTP Version Not Supported\r\n"
    }
  }
}
