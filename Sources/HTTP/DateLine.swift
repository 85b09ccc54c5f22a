internal import Glibc
package import ProxyCore

/// The header line `Date`, made once a second.
package struct DateLine: ~Copyable {
  private var line = ByteBuffer(minimumCapacity: 64)
  /// When the next second begins.
  private var end = Moment(nanoseconds: .min)

  package init() {}

  /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and what ends a line.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { line.bytes }
  }

  /// Makes a new line where the old one's second is over; the system is asked for the time only
  /// then.
  /// Says whether there is a new one.
  @discardableResult
  package mutating func refresh(now: Moment) -> Bool {
    if now < end { return false }
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    write(unixSeconds: Int(time.tv_sec))
    end = now.advanced(by: .nanoseconds(1_000_000_000 &- Int64(time.tv_nsec)))
    return true
  }

  /// Writes the line of a second, counted from 1970. The calendar is that of a year that begins in
  /// March, so that a leap day is its last; an era are the 400 years after which it repeats.
  mutating func write(unixSeconds: Int) {
    let seconds = min(max(0, unixSeconds), Self.secondsMax)
    let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let (era, dayOfEra) = (days &+ 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra =
      (dayOfEra &- dayOfEra / 1_460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
    let monthFromMarch = (5 &* dayOfYear &+ 2) / 153
    let day = dayOfYear &- (153 &* monthFromMarch &+ 2) / 5 &+ 1
    let month = monthFromMarch < 10 ? monthFromMarch &+ 3 : monthFromMarch &- 9
    let year = era &* 400 &+ yearOfEra &+ (month <= 2 ? 1 : 0)

    line.removeAll()
    line.append("Date: ")
    appendName("ThuFriSatSunMonTueWed", days % 7)
    line.append(", ")
    appendTwoDigits(day)
    line.append(UInt8(ascii: " "))
    appendName("JanFebMarAprMayJunJulAugSepOctNovDec", month &- 1)
    line.append(UInt8(ascii: " "))
    appendTwoDigits(year / 100)
    appendTwoDigits(year % 100)
    line.append(UInt8(ascii: " "))
    appendTwoDigits(second / 3_600)
    line.append(UInt8(ascii: ":"))
    appendTwoDigits(second / 60 % 60)
    line.append(UInt8(ascii: ":"))
    appendTwoDigits(second % 60)
    line.append(" GMT\r\n")
  }

  /// The last second of the year 9999: the format has four digits for it.
  private static let secondsMax = 253_402_300_799

  /// One of several names of three letters.
  private mutating func appendName(_ names: StaticString, _ number: Int) {
    precondition(number >= 0 && number &* 3 < names.utf8CodeUnitCount, "there is no such name")
    // In bounds: just compared.
    unsafe line.append(UnsafeRawBufferPointer(start: names.utf8Start + number &* 3, count: 3))
  }

  private mutating func appendTwoDigits(_ value: Int) {
    line.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10))
    line.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
  }
}
