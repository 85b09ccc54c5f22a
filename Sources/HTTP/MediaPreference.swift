internal import ProxyCore

/// How much a client wants a form: its weight first, and where those are equal, how exactly it
/// named it.
struct MediaPreference: Comparable {
  /// In thousandths.
  private var weight: UInt16 = 0
  private var exactness: UInt8 = 0

  static func < (left: MediaPreference, right: MediaPreference) -> Bool {
    (left.weight, left.exactness) < (right.weight, right.exactness)
  }

  /// Whether a client whose `Accept` has these elements would rather have JSON than the value
  /// itself. Without a wish it has the value, and also where it wants neither.
  static func wantsJSON(_ elements: consuming FieldElements, in head: RawSpan) -> Bool {
    var json = MediaPreference()
    var text = MediaPreference()
    var octets = MediaPreference()
    while let element = elements.next(in: head) {
      let range = head.extracting(element)
      let end = range.firstOffset(of: UInt8(ascii: ";"), in: 0..<range.byteCount)
      let type = range.extracting(FieldSyntax.trimmed(range, 0..<(end ?? range.byteCount)))
      guard let weight = weight(range, from: end ?? range.byteCount) else { continue }
      if type.equals("*/*") {
        json.note(weight, exactness: 1)
        text.note(weight, exactness: 1)
        octets.note(weight, exactness: 1)
      } else if type.equalsIgnoringCase("application/*") {
        json.note(weight, exactness: 2)
        octets.note(weight, exactness: 2)
      } else if type.equalsIgnoringCase("text/*") {
        text.note(weight, exactness: 2)
      } else if type.equalsIgnoringCase("application/json") {
        json.note(weight, exactness: 3)
      } else if type.equalsIgnoringCase("text/plain") {
        text.note(weight, exactness: 3)
      } else if type.equalsIgnoringCase("application/octet-stream") {
        octets.note(weight, exactness: 3)
      }
    }
    return json.weight > 0 && json > max(text, octets)
  }

  /// The more exact range decides, whatever the others weigh.
  private mutating func note(_ weight: UInt16, exactness: UInt8) {
    if exactness >= self.exactness {
      self.weight = weight
      self.exactness = exactness
    }
  }

  /// What the parameters of a range weigh it with: 1 where they do not, nil where they are
  /// malformed.
  private static func weight(_ range: RawSpan, from start: Int) -> UInt16? {
    var start = start
    while start < range.byteCount {
      let end =
        range.firstOffset(of: UInt8(ascii: ";"), in: start &+ 1..<range.byteCount)
        ?? range.byteCount
      let parameter = range.extracting(FieldSyntax.trimmed(range, start &+ 1..<end))
      if parameter.byteCount >= 2 && parameter.extracting(0..<2).equalsIgnoringCase("q=") {
        return thousandths(parameter.extracting(2..<parameter.byteCount))
      }
      start = end
    }
    return 1_000
  }

  /// `0.25` is 250; nil where it is no weight.
  private static func thousandths(_ text: RawSpan) -> UInt16? {
    guard text.byteCount >= 1 && text.byteCount <= 5 else { return nil }
    var value: UInt16 = 0
    var scale: UInt16 = 1_000
    for offset in 0..<text.byteCount {
      let byte = unsafe text.byte(at: offset)  // in bounds by the loop
      if offset == 1 {
        guard byte == UInt8(ascii: ".") else { return nil }
        continue
      }
      let digit = byte &- UInt8(ascii: "0")
      if digit > 9 { return nil }
      value &+= UInt16(digit) &* scale
      scale /= 10
    }
    return value <= 1_000 ? value : nil
  }
}
