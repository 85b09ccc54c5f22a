package import ProxyCore

/// Writes responses: heads as blocks that were prepared, and what differs between them.
///
/// One for each loop. A response follows its request's body, in the order of requests.
package struct HTTPResponseWriter: ~Copyable {
  private let settings: HTTPSettings
  package private(set) var date = DateLine()
  package let note = ResponseNote()
  /// `Cache-Control` and `Vary` of a value.
  package let valueLines: [UInt8]
  /// `Vary` of everything else.
  private let varyLine: [UInt8]

  package init(_ settings: HTTPSettings, now: Moment) {
    self.settings = settings
    let vary = settings.crossOrigin.varies ? "Vary: Accept, Origin\r\n" : "Vary: Accept\r\n"
    let control = settings.maxAgeSeconds > 0 ? "max-age=\(settings.maxAgeSeconds)" : "no-cache"
    varyLine = Array(vary.utf8)
    valueLines = Array("Cache-Control: \(control)\r\n\(vary)".utf8)
    refresh(now: now)
  }

  /// Call this once a batch, before anything is written. True if the date is a new one.
  @discardableResult
  package mutating func refresh(now: Moment) -> Bool { date.refresh(now: now) }

  // MARK: Values

  /// Writes the whole response to a request for a value: it, a part of it, its JSON form, or that
  /// the client has it already. O(n), without allocation but for what `output` needs to grow.
  package func append(
    _ value: borrowing HTTPValue, of key: RawSpan, for request: HTTPRequest,
    _ outcome: CacheOutcome, to output: inout ByteBuffer
  ) {
    if request.wantsJSON {
      let document = JSONDocument(key: key, value: value.bytes, isText: value.isText)
      let tag = EntityTag(hash: value.hash, isJSON: true)
      let representation = HTTPRepresentation(form: .json, count: document.count, tag: tag)
      let part = appendHead(representation, for: request, outcome, to: &output)
      if !part.isEmpty { document.write(to: &output) }
    } else {
      let part = appendHead(value.representation, for: request, outcome, to: &output)
      output.append(value.bytes.extracting(part))
    }
  }

  /// Writes everything but the body, and says which bytes of the value have to follow; none where
  /// the response ends here.
  package func appendHead(
    _ value: HTTPRepresentation, for request: HTTPRequest, _ outcome: CacheOutcome,
    to output: inout ByteBuffer
  ) -> Range<Int> {
    let verdict = request.verdict(on: value)
    let body: Range<Int>
    switch verdict {
    case .whole:
      appendStart(.ok, request, to: &output)
      body = 0..<value.count
    case .part(let part):
      appendStart(.partialContent, request, to: &output)
      body = part
    case .notModified:
      appendStart(.notModified, request, to: &output)
      appendValidators(value, outcome, to: &output)
      output.appendLineEnd()
      return 0..<0
    case .problem(let problem):
      append(problem, for: request, valueCount: value.count, outcome, to: &output)
      return 0..<0
    }
    output.append(value.form.lines)
    appendValidators(value, outcome, to: &output)
    if case .part(let part) = verdict {
      output.append("Content-Range: bytes ")
      output.appendDecimal(part.lowerBound)
      output.append(UInt8(ascii: "-"))
      output.appendDecimal(part.upperBound &- 1)
      output.append(UInt8(ascii: "/"))
      output.appendDecimal(value.count)
      output.appendLineEnd()
    }
    appendLength(body.count, to: &output)
    return request.method == .head ? 0..<0 : body
  }

  private func appendValidators(
    _ value: HTTPRepresentation, _ outcome: CacheOutcome, to output: inout ByteBuffer
  ) {
    output.append(valueLines)
    if let tag = value.tag {
      output.append("ETag: ")
      tag.write(to: &output)
      output.appendLineEnd()
    }
    note.outcome = outcome
    outcome.write(to: &output)
  }

  // MARK: Everything else

  /// Says that a write was done.
  package func appendDone(for request: HTTPRequest, to output: inout ByteBuffer) {
    appendStart(.noContent, request, to: &output)
    output.append(varyLine)
    output.appendLineEnd()
  }

  /// Writes a response that is no value: a page, or figures. `lines` are the header lines that it has
  /// besides.
  package func append(
    document: RawSpan, _ status: HTTPStatus = .ok, lines: [UInt8], for request: HTTPRequest,
    to output: inout ByteBuffer
  ) {
    appendStart(status, request, to: &output)
    output.append(lines)
    appendLength(document.byteCount, to: &output)
    if request.method != .head { output.append(document) }
  }

  /// Says what can be done here, to a browser that asks for a page of another origin in its own
  /// words.
  package func appendOptions(
    isPreflight: Bool, for request: HTTPRequest, to output: inout ByteBuffer
  ) {
    appendStart(.noContent, request, to: &output)
    output.append(varyLine)
    appendMethods("Allow: ", to: &output)
    if isPreflight {
      appendMethods(
        "Access-Control-Allow-Methods: ", writes: settings.allowsCrossOriginWrites, to: &output)
      output.append(
        """
        Access-Control-Allow-Headers: Authorization, Accept, Content-Type, If-Match, \
        If-None-Match, If-Range, Range, *\r
        Access-Control-Max-Age:\u{20}
        """)
      output.appendDecimal(Limits.httpPreflightSeconds)
      output.appendLineEnd()
    }
    output.appendLineEnd()
  }

  /// Lets a client go on that awaits this before it sends its body.
  package static func appendContinue(to output: inout ByteBuffer) {
    output.append("HTTP/1.1 100 Continue\r\n\r\n")
  }

  /// Says why a request is not fulfilled. `outcome` is for what the cache knows: that there is no
  /// such key.
  package func append(
    _ problem: HTTPProblem, for request: HTTPRequest, _ outcome: CacheOutcome? = nil,
    to output: inout ByteBuffer
  ) {
    append(problem, for: request, valueCount: nil, outcome, to: &output)
  }

  private func append(
    _ problem: HTTPProblem, for request: HTTPRequest, valueCount: Int?, _ outcome: CacheOutcome?,
    to output: inout ByteBuffer
  ) {
    appendStart(problem.status, request, to: &output)
    output.append(varyLine)
    // Caches may keep a 404 by themselves, unless they are told to ask.
    output.append(
      problem.status == .notFound ? "Cache-Control: no-cache\r\n" : "Cache-Control: no-store\r\n")
    note.outcome = outcome
    outcome?.write(to: &output)
    switch problem.status {
    case .methodNotAllowed: appendMethods("Allow: ", to: &output)
    case .unauthorized:
      output.append(
        """
        WWW-Authenticate: Basic realm="proxyd", charset="UTF-8"\r
        WWW-Authenticate: Bearer realm="proxyd"\r\n
        """)
    case .rangeNotSatisfiable:
      output.append("Content-Range: bytes */")
      output.appendDecimal(valueCount ?? 0)
      output.appendLineEnd()
    default: break
    }
    if problem.isPassing {
      output.append("Retry-After: ")
      output.appendDecimal(Limits.httpRetrySeconds)
      output.appendLineEnd()
    }
    let text = ProblemText(problem.text, isJSON: request.wantsJSON)
    text.appendLines(to: &output)
    appendLength(text.count, to: &output)
    if request.method != .head { text.write(to: &output) }
  }

  /// Says why bytes are no request, and that the connection ends. A client that asked for a head, as far
  /// as that could be read, waits for no body.
  package func append(_ error: HTTPError, isHead: Bool = false, to output: inout ByteBuffer) {
    note.begin(error.status)
    output.append(error.status.line)
    output.append(date.bytes)
    output.append("Connection: close\r\nCache-Control: no-store\r\n")
    let text = ProblemText(error.description, isJSON: false)
    text.appendLines(to: &output)
    appendLength(text.count, to: &output)
    if !isHead { text.write(to: &output) }
  }

  // MARK: Parts of heads

  /// What every response to a request that was understood begins with.
  private func appendStart(
    _ status: HTTPStatus, _ request: HTTPRequest, to output: inout ByteBuffer
  ) {
    note.begin(status)
    output.append(status.line)
    output.append(date.bytes)
    switch request.persistence {
    case .implied: break
    case .keepAlive: output.append("Connection: keep-alive\r\n")
    case .close: output.append("Connection: close\r\n")
    }
    if request.origin != .silence { appendOrigin(request.origin, to: &output) }
  }

  private func appendOrigin(_ origin: CrossOrigin.OriginVerdict, to output: inout ByteBuffer) {
    switch origin {
    case .silence: return
    case .everybody: output.append("Access-Control-Allow-Origin: *\r\n")
    case .listed(let number):
      guard case .listed(let origins) = settings.crossOrigin, number < origins.count else { return }
      output.append("Access-Control-Allow-Origin: ")
      output.append(origins[number])
      output.appendLineEnd()
    }
    output.append(
      "Access-Control-Expose-Headers: Age, Cache-Status, Content-Range, ETag, Retry-After\r\n")
  }

  private func appendMethods(
    _ name: StaticString, writes: Bool = true, to output: inout ByteBuffer
  ) {
    output.append(name)
    output.append(
      settings.allowsWrites && writes
        ? "GET, HEAD, OPTIONS, PUT, DELETE\r\n" : "GET, HEAD, OPTIONS\r\n")
  }

  /// The last line of a head.
  private func appendLength(_ count: Int, to output: inout ByteBuffer) {
    note.bytes = count
    output.append("Content-Length: ")
    output.appendDecimal(count)
    output.append(4, bytesOf: 0x0A0D_0A0D)
  }
}
