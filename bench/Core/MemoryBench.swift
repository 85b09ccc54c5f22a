import Foundation
import ProxyCore

/// What a million entries of the byte cache cost beyond their keys and values: by how much the process grew,
/// everything included.
struct MemoryBench {
  static let entries = 1_000_000
  static let overwrites = 3_000_000
  /// What CI holds: bytes an entry beyond key and value, when new and after the overwrites.
  static let budgets = (new: 40.0, overwritten: 64.0)

  /// Whether to fail past the budgets.
  let isCheck: Bool

  func run() {
    let cache = ByteCache(
      capacity: Self.entries, bytesMax: 1 << 32, valueBytesMax: 1 << 20, timeToLive: .seconds(600),
      now: .now)
    // Everything else that this needs is touched before the first look.
    var sizes = [UInt16](repeating: 64, count: Self.entries)
    let value = [UInt8](repeating: UInt8(ascii: "x"), count: 256)
    _ = CoreBench.key(1)
    let before = Self.residentBytes()
    for number in 0..<Self.entries { insert(number, value, 64, into: cache) }
    print("\(Self.entries) entries, keys of 16 bytes; bytes an entry beyond key and value:\n")
    report("values of 64 bytes", Self.budgets.new, before, Self.entries * 80, cache)

    var generator = SystemRandomNumberGenerator()
    for _ in 0..<Self.overwrites {
      let number = Int.random(in: 0..<Self.entries, using: &generator)
      let size = Int.random(in: 1...256, using: &generator)
      insert(number, value, size, into: cache)
      sizes[number] = UInt16(size)
    }
    let values = sizes.reduce(0) { $0 + Int($1) }
    report(
      "after \(Self.overwrites) random overwrites with values of 1 to 256 bytes",
      Self.budgets.overwritten, before, values + Self.entries * 16, cache)
  }

  private func insert(_ number: Int, _ value: [UInt8], _ size: Int, into cache: ByteCache) {
    let key = CoreBench.key(number)
    let bytes = unsafe key.span.bytes
    let kept = unsafe cache.insert(
      value.span.bytes.extracting(0..<size), for: bytes, hash: cache.hash(bytes), now: .now)
    precondition(kept)
  }

  private func report(
    _ what: String, _ budget: Double, _ before: Int, _ payload: Int, _ cache: ByteCache
  ) {
    precondition(cache.statistics.entries == Self.entries)
    let grown = Double(Self.residentBytes() - before - payload) / Double(Self.entries)
    let counted = Double(cache.statistics.cost - payload) / Double(Self.entries)
    print(
      String(format: "%6.1f by growth of RSS, %5.1f by its own account: ", grown, counted) + what)
    if isCheck && grown > budget {
      print("over the budget of \(budget) bytes")
      exit(1)
    }
  }

  private static func residentBytes() -> Int {
    let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let fields = statm.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else {
      fatalError("/proc/self/statm does not say how much memory is resident")
    }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
