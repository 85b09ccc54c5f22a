extension ByteCache {
  /// What the cache knows of a key, readable in place for as long as this exists; its shard is locked
  /// meanwhile, so hold it for the time of a copy and no longer.
  @safe
  package struct Hit: ~Copyable {
    private let shard: Guarded<ByteShard>
    private let block: Block
    private let time: BlockStore.Time

    init(shard: Guarded<ByteShard>, block: Block, time: BlockStore.Time) {
      self.shard = shard
      unsafe self.block = block
      self.time = time
    }

    deinit { shard.release() }

    /// Whether it is known that there is no such key.
    package var isAbsent: Bool { unsafe block.flags.contains(.absent) }

    /// Whether the value is too large to be kept, which is all that is known of it.
    package var isLarge: Bool { unsafe block.flags.contains(.large) }

    /// Whether the value is UTF-8 throughout.
    package var isText: Bool { unsafe block.flags.contains(.text) }

    /// Whether the key itself has ended since the moment that it was looked up at.
    func hasEnded(in cache: ByteCache) -> Bool {
      unsafe cache.hasEnded(block.deadline, since: time)
    }

    /// How long ago it was inserted.
    package var ageMilliseconds: UInt32 {
      unsafe time.age(block)
    }

    /// For how long it may still be answered with, unless it is changed before. O(1).
    package var millisecondsLeft: UInt64 {
      unsafe time.left(block)
    }

    /// Whether the value is one that `shared` gives.
    package var liesElsewhere: Bool { unsafe block.flags.contains(.shared) }

    /// A value that does not lie in the block and may be kept beyond the hit.
    package var shared: SharedBlock? { unsafe block.shared?.takeUnretainedValue() }

    /// How long the value is.
    package var count: Int {
      guard let shared = unsafe block.shared else { return unsafe block.valueBytes }
      return unsafe shared._withUnsafeGuaranteedRef { $0.count }
    }

    /// A copy of the value.
    func copied() -> [UInt8] { bytes.array }

    /// Copies the value behind what `output` holds.
    package func append(to output: inout ByteBuffer) { output.append(bytes) }

    /// The value's bytes, wherever they lie. For functions that borrow the hit: where a hit is declared and
    /// its bytes are asked for in one place, the compiler (6.3) puts the hit on the heap.
    package var bytes: RawSpan {
      @_lifetime(borrow self)
      get {
        let buffer =
          if let shared = unsafe block.shared {
            unsafe shared._withUnsafeGuaranteedRef { unsafe $0.bytes.withUnsafeBytes { unsafe $0 } }
          } else {
            unsafe UnsafeRawBufferPointer(block.value)
          }
        return unsafe _overrideLifetime(buffer.bytes, borrowing: self)
      }
    }
  }
}
