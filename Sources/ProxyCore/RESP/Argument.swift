internal import Glibc

/// Where an argument stands in the bytes of its request.
package struct Argument: Equatable, Sendable {
  private let start: UInt32
  private let length: UInt32

  /// Both fit because a request is refused past `Limits.requestBytesMax`.
  init(offset: Int, count: Int) {
    start = UInt32(truncatingIfNeeded: offset)
    length = UInt32(truncatingIfNeeded: count)
  }

  package var offset: Int { Int(start) }
  package var count: Int { Int(length) }
  package var range: Range<Int> { offset..<offset &+ count }
}
