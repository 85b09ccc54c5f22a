/// A key that is read often.
package struct HotKey: Sendable {
  let hash: UInt64
  /// Its beginning, as far as it is kept.
  package let key: [UInt8]
  /// How long it is.
  package let keyBytes: Int
  package let database: UInt32
  /// An estimate of the last minutes, from below.
  package internal(set) var readsPerSecond: Double
}
