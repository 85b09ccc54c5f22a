internal import Glibc

/// The time of day, as lines of a log have it. What is the same for all lines of a second is kept.
package struct LineClock: ~Copyable {
  package enum TimeForm: Sendable {
    /// `2026-11-21T10:02:34.123Z`: RFC 3339, UTC.
    case universal
    /// `21 Nov 2026 10:02:34.123`: as in Redis's log, in the zone of this machine.
    case local
  }

  private var second = Int.min
  private var form = TimeForm.universal
  private var text = ByteBuffer()

  package init() {}

  /// Appends the present.
  package mutating func appendNow(_ form: TimeForm, to line: inout ByteBuffer) {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    append(form, seconds: now.tv_sec, nanoseconds: now.tv_nsec, to: &line)
  }

  /// Appends the moment so long after the beginning of 1970.
  package mutating func append(
    _ form: TimeForm, seconds: Int, nanoseconds: Int, to line: inout ByteBuffer
  ) {
    if second != seconds || self.form != form { prepare(form, seconds) }
    line.append(text.bytes)
    line.append(UInt8(ascii: "."))
    line.appendDecimal(nanoseconds / 1_000_000, digits: 3)
    if form == .universal { line.append(UInt8(ascii: "Z")) }
  }

  private mutating func prepare(_ form: TimeForm, _ seconds: Int) {
    second = seconds
    self.form = form
    text.removeAll()
    var time = seconds
    var parts = unsafe tm()
    switch form {
    case .universal:
      unsafe gmtime_r(&time, &parts)
      unsafe text.appendDecimal(Int(parts.tm_year) + 1_900, digits: 4)
      text.append(UInt8(ascii: "-"))
      unsafe text.appendDecimal(Int(parts.tm_mon) + 1, digits: 2)
      text.append(UInt8(ascii: "-"))
      unsafe text.appendDecimal(Int(parts.tm_mday), digits: 2)
      text.append(UInt8(ascii: "T"))
    case .local:
      unsafe localtime_r(&time, &parts)
      unsafe text.appendDecimal(Int(parts.tm_mday), digits: 2)
      unsafe text.append(Self.month(Int(parts.tm_mon)))
      unsafe text.appendDecimal(Int(parts.tm_year) + 1_900, digits: 4)
      text.append(UInt8(ascii: " "))
    }
    unsafe text.appendDecimal(Int(parts.tm_hour), digits: 2)
    text.append(UInt8(ascii: ":"))
    unsafe text.appendDecimal(Int(parts.tm_min), digits: 2)
    text.append(UInt8(ascii: ":"))
    unsafe text.appendDecimal(Int(parts.tm_sec), digits: 2)
  }

  private static func month(_ number: Int) -> StaticString {
    switch number {
    case 0: " Jan "
    case 1: " Feb "
    case 2: " Mar "
    case 3: " Apr "
    case 4: " May "
    case 5: " Jun "
    case 6: " Jul "
    case 7: " Aug "
    case 8: " Sep "
    case 9: " Oct "
    case 10: " Nov "
    default: " Dec "
    }
  }
}

extension ByteBuffer {
  /// Appends `value`, which is not negative, in so many digits at least.
  package mutating func appendDecimal(_ value: Int, digits: Int) {
    var power = 1
    for _ in 1..<max(1, digits) { power *= 10 }
    while power > 1 && value < power {
      append(UInt8(ascii: "0"))
      power /= 10
    }
    appendDecimal(value)
  }
}
