internal import HTTP
internal import ProxyCore
internal import Synchronization

extension HTTPSession {
  /// Whether requests are written down.
  var logsAccess: Bool { worker.accessSwitch.load(ordering: .relaxed) }

  /// `begin`, of a request that is written down. Kept out of the way of those that are not.
  @inline(never)
  func beginWrittenDown(_ head: RawSpan, target: Range<Int>, isLast: Bool, now: Moment) {
    let methodEnd = head.firstOffset(of: UInt8(ascii: " "), in: 0..<head.byteCount) ?? 0
    // Without what stands before its path, as that may have a password; what is cut off is told of by one
    // byte more.
    let whole = head.extracting(target)
    let start = RequestTarget.path(ofParsed: whole)?.lowerBound ?? 0
    let shown = whole.extracting(start..<whole.byteCount).extracting(
      first: Limits.logNameBytesMax + 1)
    access = PendingAccess(
      client: connection?.peer, method: head.extracting(0..<methodEnd).array,
      target: shown.array, received: now)
    recordingResponse { begin(head, isLast: isLast, now: now) }
    // Otherwise it was written down, or waits for something.
    if stage == .head { writeDown() }
  }

  /// Does what may write a plain response. That leaves no note, so where it begins is remembered.
  func recordingResponse(_ work: () -> Void) {
    desk.writer.note.status = nil
    access?.start = output.bytes.count
    work()
    if stage != .head { access?.start = nil }
  }

  private func keepPlain(from start: Int, _ access: PendingAccess) {
    let bytes = output.bytes.bytes
    let response = bytes.extracting(min(start, bytes.byteCount)...)
    access.written = PendingAccess.Written(
      status: .ok, bytes: Self.bodyBytes(response), outcome: .hit(age: 0, timeToLive: 0))
  }

  /// Of a response that is all there.
  private static func bodyBytes(_ response: RawSpan) -> Int {
    var offset = 0
    while let end = response.firstOffset(
      of: UInt8(ascii: "\r"), in: offset..<response.byteCount)
    {
      if response.extracting(end...).extracting(first: 4).equals("\r\n\r\n") {
        return response.byteCount - end - 4
      }
      offset = end + 1
    }
    return 0
  }

  /// Keeps what the head says that was just written.
  func keepNote() {
    let note = desk.writer.note
    guard let access else { return }
    guard let status = note.status else {
      if let start = access.start { keepPlain(from: start, access) }
      return
    }
    access.written = PendingAccess.Written(
      status: status, bytes: note.bytes, outcome: note.outcome)
  }

  /// The response is whole.
  func writeDown() {
    guard let access else { return }
    if access.written == nil { keepNote() }
    self.access = nil
    guard let written = access.written else { return writeDown(access, 0, 0, .gone) }
    let isHead = Array("HEAD".utf8) == access.method
    writeDown(
      access, written.status.rawValue, isHead ? 0 : written.bytes,
      access.isRefused ? .refused : AccessOutcome(written, method: access.method))
  }

  /// The client has gone before its response was whole.
  func writeDownGone() {
    guard let access else { return }
    self.access = nil
    writeDown(access, access.written?.status.rawValue ?? 0, 0, .gone)
  }

  private func writeDown(
    _ access: PendingAccess, _ status: Int, _ bytes: Int, _ outcome: AccessOutcome
  ) {
    worker.writeDown(
      AccessRecord(
        client: access.client, verb: access.method,
        .http(target: access.target, status: status, bytes: bytes), outcome,
        duration: Moment.now.since(access.received)))
  }
}

extension AccessOutcome {
  fileprivate init(_ response: PendingAccess.Written, method: [UInt8]) {
    let isWrite = method == Array("PUT".utf8) || method == Array("DELETE".utf8)
    switch response.outcome {
    case .hit?: self = .hit
    case .fetched(_, let collapsed)?: self = collapsed ? .joined : .miss
    case .stale?: self = .stale
    case .bypassed?: self = .passed
    case nil:
      switch response.status {
      case .notFound where isWrite: self = .passed
      case .conflict, .badGateway: self = .redisError
      case .serviceUnavailable, .gatewayTimeout: self = .error
      case let status where status.rawValue >= 400: self = .refused
      default: self = isWrite ? .passed : .local
      }
    }
  }
}
