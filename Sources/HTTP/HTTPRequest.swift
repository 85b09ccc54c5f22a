package import ProxyCore

/// What a request's head means: small values that outlive its bytes, so that an answer from memory
/// and one that has to wait for Redis are written in the same way.
///
/// ```
///   bytes ─▶ HTTPRequestParser ─▶ head ─▶ HTTPRequest ─▶ purpose, key ─▶ memory or Redis ─┐
///     └───▶ HTTPBodyReader ─▶ what PUT writes ───────────────────────────────┘            │
///   bytes ◀─ HTTPResponseWriter ◀─────────────────────────────────────────────────────────┘
/// ```
///
/// ```swift
/// var request = HTTPRequest(parser.head, in: bytes, settings)
/// switch request.purpose(parser.head, in: bytes, settings, key: &key) { … }
/// ```
package struct HTTPRequest: Sendable {
  enum Persistence: Equatable, Sendable {
    /// The connection goes on, which is the default.
    case implied
    /// The same, for a client of HTTP/1.0, which asked for it.
    case keepAlive
    case close
  }

  /// What a response depends on beside the value.
  struct Conditions: Sendable {
    var ifMatch: TagCondition?
    var ifNoneMatch: TagCondition?
    var range = RangeRequest.whole
    /// The tag without which the part is not wanted, but the whole.
    var ifRange: EntityTag?
  }

  package let method: HTTPMethod
  package let body: HTTPRequestHead.BodyFraming
  /// Whether the client waits for `100 Continue` before it sends the body.
  package let awaitsContinue: Bool
  /// Whether the client would rather have JSON than the value itself.
  package let wantsJSON: Bool
  var persistence: Persistence
  let origin: CrossOrigin.OriginVerdict
  /// nil for the most requests, which have none.
  let conditions: Conditions?

  /// - Parameters:
  ///   - bytes: What `head` was parsed from.
  ///   - settings: Looked at only where a request needs them: they are shared, and counting their
  ///     references would cost most requests more than all else here.
  package init(
    _ head: HTTPRequestHead, in bytes: RawSpan, _ settings: @autoclosure () -> HTTPSettings
  ) {
    method = head.method
    body = head.body
    persistence = Self.persistence(head)
    awaitsContinue =
      head.version == .oneOne && head.body != .none && head.contains(.expect)
      && Self.expectsContinue(head, bytes)
    wantsJSON = head.contains(.accept) && Self.wantsJSON(head, bytes)
    if head.contains(.origin), let origin = head[.origin] {
      self.origin = settings().crossOrigin.verdict(on: bytes.extracting(origin))
    } else {
      origin = .silence
    }
    // Not in one expression: it would be made elsewhere, and then copied.
    if head.containsConditions {
      conditions = Self.conditions(head, bytes)
    } else {
      conditions = nil
    }
  }

  private init() {
    method = .get
    body = .none
    persistence = .implied
    awaitsContinue = false
    wantsJSON = false
    origin = .silence
    conditions = nil
  }

  /// `GET` of a whole value as it is, on a connection that stays, without a word on anything else.
  package static let plain = HTTPRequest()

  /// Whether nothing differs from that but that it may be for the head alone.
  package var isPlain: Bool {
    conditions == nil && !wantsJSON && persistence == .implied && origin == .silence
  }

  /// Whether it is a plain `GET` which may be known again by its bytes. None is that has credentials: a
  /// comparison that ends at the first difference would tell a stranger how far a guess is right.
  package func mayBeKnown(by head: HTTPRequestHead) -> Bool {
    method == .get && body == .none && isPlain && !head.contains(.authorization)
  }

  /// Whether the connection goes on after the response.
  package var keepsConnection: Bool { persistence != .close }

  /// Lets the response say that the connection ends with it.
  package mutating func close() { persistence = .close }

  private static func persistence(_ head: HTTPRequestHead) -> Persistence {
    if head.options.contains(.close) || head.method == .connect { return .close }
    if head.version == .oneOne { return .implied }
    return head.options.contains(.keepAlive) ? .keepAlive : .close
  }

  /// Most clients take anything, and say so.
  private static func wantsJSON(_ head: HTTPRequestHead, _ bytes: RawSpan) -> Bool {
    if let accept = head[.accept], bytes.extracting(accept).equals("*/*"),
      !head.isRepeated(.accept)
    {
      return false
    }
    return MediaPreference.wantsJSON(head.elements(.accept), in: bytes)
  }

  private static func expectsContinue(_ head: HTTPRequestHead, _ bytes: RawSpan) -> Bool {
    guard let expectation = head[.expect] else { return false }
    return bytes.extracting(expectation).equalsIgnoringCase("100-continue")
  }

  /// A part is a matter of GET alone. A condition on it that is no tag of this server's does not
  /// hold: it may be a date, which values do not have.
  private static func conditions(_ head: HTTPRequestHead, _ bytes: RawSpan) -> Conditions {
    var conditions = Conditions()
    if head.contains(.ifMatch) {
      conditions.ifMatch = TagCondition(head.elements(.ifMatch), in: bytes, isStrong: true)
    }
    if head.contains(.ifNoneMatch) {
      conditions.ifNoneMatch = TagCondition(head.elements(.ifNoneMatch), in: bytes, isStrong: false)
    }
    if head.method == .get, let range = head[.range] {
      conditions.range = RangeRequest(bytes.extracting(range))
      if let ifRange = head[.ifRange] {
        conditions.ifRange = EntityTag(bytes.extracting(ifRange))
        if conditions.ifRange == nil { conditions.range = .whole }
      }
    }
    return conditions
  }

  // MARK: What it wants

  /// What to do, and with which key: it is appended to `key` where the purpose has one.
  /// `checks` leaves out what the settings do not ask for.
  package mutating func purpose(
    _ head: HTTPRequestHead, in bytes: RawSpan, _ settings: @autoclosure () -> HTTPSettings,
    checks: HTTPChecks = .all, key: inout ByteBuffer
  ) -> HTTPPurpose {
    do throws(HTTPProblem) {
      if checks.contains(.host), let host = Self.host(head, bytes), !HostRule.isLocal(host),
        !settings().hosts.allows(host)
      {
        throw HTTPProblem.hostForeign
      }
      if method == .options {
        let isPreflight = origin != .silence && head.contains(.accessControlRequestMethod)
        return .options(isPreflight: isPreflight)
      }
      if checks.contains(.password) { try checkPassword(head, bytes, settings()) }
      try checkMethod(allowsWrites: settings().allowsWrites)
      if method == .put || method == .delete, let field = head[.origin] {
        try checkOrigin(bytes.extracting(field), head, bytes, settings())
      }
      if head.version == .oneOne, head.contains(.expect), !Self.expectsContinue(head, bytes) {
        throw HTTPProblem.expectationUnknown
      }
      return try keyedPurpose(head, bytes, key: &key)
    } catch {
      // A client that awaits a word before its body may send it or not after this one.
      if awaitsContinue { close() }
      return .problem(error)
    }
  }

  /// Under which name the server is asked: that of an absolute target, whatever `Host` says beside it
  /// (RFC 9112, section 3.2.2). nil: under none.
  @_lifetime(copy bytes)
  private static func host(_ head: HTTPRequestHead, _ bytes: RawSpan) -> RawSpan? {
    let target = bytes.extracting(head.target)
    // In bounds: there is a byte.
    if unsafe target.byteCount > 0 && target.byte(at: 0) != UInt8(ascii: "/"),
      let authority = RequestTarget.authority(ofParsed: target)
    {
      return target.extracting(authority)
    }
    return head.contains(.host) ? bytes.extracting(head.host) : nil
  }

  private func checkPassword(
    _ head: HTTPRequestHead, _ bytes: RawSpan, _ settings: HTTPSettings
  ) throws(HTTPProblem) {
    if settings.password.isEmpty { return }
    guard let field = head[.authorization] else { throw .passwordMissing }
    guard Authorization.gives(settings.password, bytes.extracting(field)) else {
      throw .passwordWrong
    }
  }

  private func checkMethod(allowsWrites: @autoclosure () -> Bool) throws(HTTPProblem) {
    switch method {
    case .get, .head, .options: return
    case .put, .delete: if !allowsWrites() { throw .writesOff }
    case .post, .patch, .trace, .connect: throw .methodNotAllowed
    case .unknown: throw .methodUnknown
    }
  }

  /// A browser sends no `PUT` and no `DELETE` without the page's origin. What is not to be done is refused:
  /// that the page cannot read the answer would not keep it from being done.
  private func checkOrigin(
    _ origin: RawSpan, _ head: HTTPRequestHead, _ bytes: RawSpan, _ settings: HTTPSettings
  ) throws(HTTPProblem) {
    if settings.allowsCrossOriginWrites && self.origin != .silence { return }
    guard let host = Self.host(head, bytes), CrossOrigin.isOwn(origin, host: host) else {
      throw .originForeign
    }
  }

  private func keyedPurpose(
    _ head: HTTPRequestHead, _ bytes: RawSpan, key: inout ByteBuffer
  ) throws(HTTPProblem) -> HTTPPurpose {
    if let conditions,
      conditions.ifMatch?.isOverfull == true || conditions.ifNoneMatch?.isOverfull == true
    {
      throw .tagsTooMany
    }
    if method == .put || method == .delete { try Self.checkWrite(head) }
    let target = bytes.extracting(head.target)
    do throws(RequestTargetError) {
      try RequestTarget.appendKey(ofParsed: target, to: &key)
      switch method {
      case .put: return .write(timeToLive: try RequestTarget.timeToLive(of: target))
      case .delete: return .delete
      default: return .read
      }
    } catch {
      throw HTTPProblem(.badRequest, error.description)
    }
  }

  /// Redis has no write that depends on a tag, and doing it regardless would be worse than saying
  /// so.
  private static func checkWrite(_ head: HTTPRequestHead) throws(HTTPProblem) {
    if head.contains(.ifMatch) || head.contains(.ifNoneMatch) { throw .writeConditional }
    if head.contains(.contentRange) { throw .writePartial }
    if head.contains(.contentEncoding) { throw .contentEncoded }
  }
}
