internal import ProxyCore

/// Under which names requests are answered.
///
/// A page of a stranger's can let its own name lead to 127.0.0.1 once a browser on this machine has
/// loaded it (DNS rebinding). To the browser this server is then the page's own, and all of it may be
/// read. That cannot be done to an address, nor to a name that browsers do not look up, so those are
/// answered where no password keeps strangers out.
package enum HostRule: Equatable, Sendable {
  case any
  /// Addresses, `localhost` and names below it, and these names, in lower case.
  case local(names: [[UInt8]])

  /// The rule that allows addresses, `localhost`, and `names`.
  package static func local(_ names: [String]) -> HostRule {
    .local(names: names.map { Array($0.lowercased().utf8) })
  }

  /// Whether a request with this `Host` is answered. O(n).
  package func allows(_ host: RawSpan) -> Bool {
    guard case .local(let names) = self else { return true }
    if Self.isLocal(host) { return true }
    let name = host.extracting(Self.name(host))
    return names.contains { Self.isSame(name, $0) }
  }

  /// Whether it is an address, or `localhost`, or below that. O(n).
  static func isLocal(_ host: RawSpan) -> Bool {
    // In bounds: there is a byte.
    if unsafe host.byteCount > 0 && host.byte(at: 0) == UInt8(ascii: "[") { return true }
    let name = name(host)
    // No name ends with a number, so browsers read one as an address or not at all.
    var isAddress = !name.isEmpty && name.upperBound == Self.portStart(host)
    for offset in name where isAddress {
      let byte = unsafe host.byte(at: offset)  // in bounds: the name is
      isAddress = byte &- UInt8(ascii: "0") <= 9 || byte == UInt8(ascii: ".")
    }
    return isAddress || endsWithLocalhost(host.extracting(name))
  }

  /// Where the name of a host stands: without the port and a last dot.
  private static func name(_ host: RawSpan) -> Range<Int> {
    let end = portStart(host)
    // In bounds: before the end.
    let hasDot = unsafe end > 0 && host.byte(at: end &- 1) == UInt8(ascii: ".")
    return 0..<(hasDot ? end &- 1 : end)
  }

  private static func portStart(_ host: RawSpan) -> Int {
    host.firstOffset(of: UInt8(ascii: ":"), in: 0..<host.byteCount) ?? host.byteCount
  }

  /// `localhost`, and everything below it (RFC 6761): browsers know what it is.
  private static func endsWithLocalhost(_ name: RawSpan) -> Bool {
    let start = name.byteCount &- 9
    if start < 0 || !name.extracting(start..<name.byteCount).equalsIgnoringCase("localhost") {
      return false
    }
    // In bounds: before what was found.
    return unsafe start == 0 || name.byte(at: start &- 1) == UInt8(ascii: ".")
  }

  private static func isSame(_ name: RawSpan, _ lowercased: [UInt8]) -> Bool {
    guard name.byteCount == lowercased.count else { return false }
    for offset in 0..<name.byteCount {
      var byte = unsafe name.byte(at: offset)  // in bounds by the loop
      if byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") { byte |= 0x20 }
      if byte != lowercased[offset] { return false }
    }
    return true
  }
}
