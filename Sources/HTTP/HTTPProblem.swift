/// Why a request that was understood is not fulfilled. The connection goes on.
package struct HTTPProblem: Error, Equatable, Sendable {
  package let status: HTTPStatus
  /// One line for the client.
  package let text: String
  /// Whether the client may well try again in a moment.
  package let isPassing: Bool

  package init(_ status: HTTPStatus, _ text: String, isPassing: Bool = false) {
    self.status = status
    self.text = text
    self.isPassing = isPassing
  }
}

extension HTTPProblem {
  package static let absent = HTTPProblem(.notFound, "no such key")
  package static let wrongType = HTTPProblem(
    .conflict, "the key holds something else than a string")
  package static let redisTimedOut = HTTPProblem(.gatewayTimeout, "Redis did not answer in time")

  /// Redis answered with an error, which the text is.
  package static func redisFailed(_ text: String) -> HTTPProblem { .init(.badGateway, text) }

  /// Redis cannot be reached.
  package static func redisAway(_ text: String) -> HTTPProblem {
    .init(.serviceUnavailable, text, isPassing: true)
  }

  /// A limit of this server's turned the request away, and the text says which.
  package static func overloaded(_ text: String) -> HTTPProblem {
    .init(.serviceUnavailable, text, isPassing: true)
  }

  static let hostForeign = HTTPProblem(
    .misdirectedRequest,
    "without a password only an address, localhost or HTTP_HOST is answered as the Host")
  static let passwordMissing = HTTPProblem(
    .unauthorized, "a password is needed: Authorization: Bearer PASSWORD, or Basic")
  static let passwordWrong = HTTPProblem(.unauthorized, "the password is wrong")
  static let writesOff = HTTPProblem(
    .methodNotAllowed, "writes are off here: HTTP_WRITES=on turns them on")
  static let originForeign = HTTPProblem(
    .forbidden,
    "pages of other origins may not write here: HTTP_CORS_ORIGIN and HTTP_CORS_WRITES=on let them"
  )
  static let methodNotAllowed = HTTPProblem(.methodNotAllowed, "keys have no such method")
  static let methodUnknown = HTTPProblem(.notImplemented, "there is no such method")
  static let expectationUnknown = HTTPProblem(
    .expectationFailed, "the only expectation known here is 100-continue")
  static let tagsTooMany = HTTPProblem(.badRequest, "a condition names too many tags")
  static let writeConditional = HTTPProblem(
    .notImplemented, "writes are not conditional here")
  static let writePartial = HTTPProblem(.badRequest, "values are written as a whole")
  static let contentEncoded = HTTPProblem(
    .mediaTypeUnsupported, "values are kept as they come: no Content-Encoding")
  static let preconditionFailed = HTTPProblem(.preconditionFailed, "the value has another tag")
  static let rangeNotSatisfiable = HTTPProblem(
    .rangeNotSatisfiable, "the value does not reach that far")
}
