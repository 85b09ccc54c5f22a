/// Small empty buffers that were used before, so that a steady state allocates none. O(1).
@safe
struct BytePool: ~Copyable {
  private let buffers: UnsafeMutablePointer<ByteBuffer>
  private let capacity: Int
  private let bytesMax: Int
  private var count = 0

  /// Keeps at most `capacity` buffers, none larger than `bytesMax`.
  init(capacity: Int, bytesMax: Int) {
    unsafe buffers = .allocate(capacity: capacity)
    self.capacity = capacity
    self.bytesMax = bytesMax
  }

  deinit {
    unsafe buffers.deinitialize(count: count)
    unsafe buffers.deallocate()
  }

  mutating func take() -> ByteBuffer {
    if count == 0 { return ByteBuffer() }
    count -= 1
    return unsafe (buffers + count).move()
  }

  /// Frees what is large or too many.
  mutating func give(_ buffer: consuming ByteBuffer) {
    if count == capacity || buffer.allocated == 0 || buffer.allocated > bytesMax { return }
    buffer.removeAll()
    unsafe (buffers + count).initialize(to: buffer)
    count += 1
  }
}
