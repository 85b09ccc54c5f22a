import Glibc

/// A random number generator whose whole future follows from its seed (SplitMix64).
///
/// A test makes one with `SeededGenerator.forTest()`, which prints the seed; `SEED=… make test` replays it.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  /// What to print, so that a failure can be replayed.
  public let seed: UInt64
  private var state: UInt64

  /// A generator that always gives the same sequence for one `seed`.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A generator seeded from the variable `SEED`, or afresh; says which on standard output.
  public static func forTest(_ name: String = #function) -> SeededGenerator {
    let wanted = unsafe getenv("SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    let seed = wanted ?? UInt64.random(in: 0...UInt64.max)
    print("\(name): SEED=\(seed)")
    return SeededGenerator(seed: seed)
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
