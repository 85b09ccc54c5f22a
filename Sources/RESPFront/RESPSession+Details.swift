internal import ProxyCore

/// `INFO`: Redis's, and what the proxy says of itself behind it.
extension RESPSession {
  /// Nil where the proxy adds nothing.
  func tellDetails(
    _ spec: CommandSpec, _ request: RawSpan, _ length: Int, now: Moment
  ) -> Step? {
    var wantsOwn = parser.arguments.count == 1
    var wantsOthers = wantsOwn
    for index in 1..<max(1, parser.arguments.count) {
      let section = parser.arguments.bytes(index, in: request)
      if section.equalsIgnoringCase("proxy") {
        wantsOwn = true
      } else {
        wantsOthers = true
        wantsOwn = wantsOwn || Self.isCollective(section)
      }
    }
    if !wantsOwn { return nil }
    if !wantsOthers && pin?.hasIdentity != true {
      if let step = clear(.inform, length, now: now) { return step }
      var text = ByteBuffer()
      Self.append(worker.proxy.figures, to: &text)
      reply { $0.appendText(text.bytes, client.version) }
      return .done(length)
    }
    guard let link = pin?.link else {
      return pass(spec, request, length, note: .details, now: now)
    }
    if traffic.isFull { return stall(.room) }
    var passage = Passage(.pinned(link), database: client.database, effect: spec.effect)
    passage.delivery = .tree
    send(request, passage, Journey(.pass, bytes: length), note: .details, now: now)
    return .done(length)
  }

  /// Whether a section is a name for many.
  private static func isCollective(_ section: RawSpan) -> Bool {
    section.equalsIgnoringCase("all") || section.equalsIgnoringCase("everything")
      || section.equalsIgnoringCase("default")
  }

  /// Redis has told its part.
  func answerDetails(_ ticket: UInt64, _ reply: RESPValue) {
    var text = ByteBuffer()
    text.append(reply.bytes ?? [])
    if !text.isEmpty { text.appendLineEnd() }
    Self.append(worker.proxy.figures, to: &text)
    answer(ticket) { $0.appendText(text.bytes, client.version) }
  }

  private static func append(_ figures: [Figure], to text: inout ByteBuffer) {
    text.append("# Proxy\r\n")
    for figure in figures {
      text.append(figure.name)
      text.append(UInt8(ascii: ":"))
      switch figure.value {
      case .number(let number): text.appendDecimal(number)
      case .text(let word): text.append(word)
      }
      text.appendLineEnd()
    }
  }
}
