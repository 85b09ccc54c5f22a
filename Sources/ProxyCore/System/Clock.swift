internal import CLinux
internal import Glibc

extension Duration {
  /// The whole nanoseconds of this duration, or the nearest that 64 bits can say (292 years either way).
  @inlinable
  package var clampedNanoseconds: Int64 {
    // The seconds of longer ones do not fit 64 bits, and asking for them would trap.
    if self >= .seconds(9_200_000_000) { return .max }
    if self <= .seconds(-9_200_000_000) { return .min }
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
  }
}
