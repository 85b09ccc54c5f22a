import ProxyCore

/// The byte cache as a front uses it: names as they lie in a buffer that was received, values copied into
/// one that will be sent.
final class ByteContestant {
  private let cache: ByteCache
  private let now = Moment.now
  private let value = [UInt8](repeating: UInt8(ascii: "x"), count: 64)

  init(entries: Int, filled: Bool) {
    cache = ByteCache(
      capacity: entries, bytesMax: 1 << 30, valueBytesMax: 1 << 20, timeToLive: .seconds(600),
      now: now)
    if filled { _ = insert(Self.names(0..<entries)) }
  }

  /// Names of keys one behind the other, as a pipeline brings them.
  static func names(_ numbers: some Sequence<Int>) -> [UInt8] { numbers.flatMap(CoreBench.key) }

  static let nameBytes = 16

  /// Looks the names up, copies what is found, and says how many were.
  func lookUp(_ names: [UInt8]) -> Int {
    var output = ByteBuffer(minimumCapacity: 16_384)
    var found = 0
    let bytes = unsafe names.span.bytes
    for start in stride(from: 0, to: names.count, by: Self.nameBytes) {
      let name = bytes.extracting(start..<start + Self.nameBytes)
      if let hit = cache.find(name, hash: cache.hash(name), now: now) {
        hit.append(to: &output)
        found += 1
      }
      if output.count > 8_192 { output.removeAll() }
    }
    return found
  }

  func insert(_ names: [UInt8]) -> Int {
    let bytes = unsafe names.span.bytes
    let content = value
    var kept = 0
    for start in stride(from: 0, to: names.count, by: Self.nameBytes) {
      let name = bytes.extracting(start..<start + Self.nameBytes)
      let isKept = unsafe cache.insert(
        content.span.bytes, for: name, hash: cache.hash(name), now: now)
      if isKept { kept += 1 }
    }
    return kept
  }
}
