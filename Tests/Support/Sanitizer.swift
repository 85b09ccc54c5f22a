/// Whether the tests, and the programs built with them, run under the thread or the address sanitizer: several times
/// slower, and with much more memory.
public enum Sanitizer {
  /// True under either.
  public static var isPresent: Bool { !AllocationCount.works }
}
