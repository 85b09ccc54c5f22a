internal import Glibc

/// What a connection has still to send: bytes, and between them large blocks that are not copied.
///
/// Its memory is borrowed from the loop while there is something in it. Appending is O(1) amortized a byte
/// and O(1) a block, whatever the block's size.
package final class OutputBuffer {
  /// Append here. Code that holds it `inout` must not reach the same connection on another way meanwhile,
  /// not even to ask for its output: that may give it memory.
  package var bytes: ByteBuffer {
    // By way of accessors, because other modules do not see that what is stored goes without the runtime's
    // exclusivity checks.
    _read { yield stored }
    _modify { yield &stored }
  }
  @safe @exclusivity(unchecked) private var stored = ByteBuffer()

  private struct Placed {
    /// How many of `bytes` come between the block before and this one.
    var bytesBefore: Int
    var block: SharedBlock?
  }

  @safe @exclusivity(unchecked) private var blockBytes = 0
  @safe @exclusivity(unchecked) private var placed: [Placed] = []
  @safe @exclusivity(unchecked) private var first = 0
  @safe @exclusivity(unchecked) private var bytesPlaced = 0
  @safe @exclusivity(unchecked) private var sentOfFirst = 0

  package init() {}

  /// Everything not yet sent, blocks included.
  package var count: Int { stored.count &+ blockBytes }
  package var isEmpty: Bool { count == 0 }

  /// Sends `block` after what was appended so far and before what comes next.
  package func append(_ block: SharedBlock) {
    if block.count == 0 { return }
    placed.append(Placed(bytesBefore: bytes.count &- bytesPlaced, block: block))
    bytesPlaced = bytes.count
    blockBytes &+= block.count
  }

  /// One call to the kernel. Says whether it took all that it was offered; if not, it has no room.
  @inline(__always)
  func send(over descriptor: borrowing FileDescriptor) throws(SystemError) -> Bool {
    if blockBytes > 0 { return try sendAll(over: descriptor) }
    let taken = try descriptor.send(stored) ?? 0
    let tookAll = taken == stored.count
    stored.consume(taken)
    assert(bytesPlaced <= stored.count, "more bytes come before blocks than there are")
    return tookAll
  }

  @inline(never)
  private func sendAll(over descriptor: borrowing FileDescriptor) throws(SystemError) -> Bool {
    let (taken, offered) = try sendPieces(around: bytes, over: descriptor)
    advance(by: taken)
    assert(bytesPlaced <= bytes.count, "more bytes come before blocks than there are")
    return taken == offered
  }

  /// Whether it can take bytes without asking for memory first.
  var hasMemory: Bool { stored.allocated > 0 }

  /// For how many blocks it keeps room.
  var piecesKept: Int { placed.capacity }

  func useMemory(_ memory: consuming ByteBuffer) { stored = memory }

  /// Forgets everything, and hands out its memory.
  func releaseMemory() -> ByteBuffer {
    var released = ByteBuffer()
    swap(&released, &stored)
    forgetBlocks()
    return released
  }

  /// Forgets everything; keeps a little memory.
  func reset() {
    stored.removeAll()
    if stored.allocated > Limits.outputPooledBytesMax { stored.release() }
    forgetBlocks()
  }

  private func forgetBlocks() {
    if placed.capacity > 2 * Limits.piecesPerSendMax { placed = [] }  // arrays grow by doubling
    if placed.isEmpty && first == 0 && bytesPlaced == 0 { return }
    placed.removeAll(keepingCapacity: true)
    first = 0
    bytesPlaced = 0
    blockBytes = 0
    sentOfFirst = 0
  }

  private func sendPieces(
    around bytes: borrowing ByteBuffer, over descriptor: borrowing FileDescriptor
  ) throws(SystemError) -> (taken: Int, offered: Int) {
    let room = Limits.piecesPerSendMax
    return unsafe try bytes.bytes.withUnsafeBytes { buffered throws(SystemError) in
      unsafe try withUnsafeTemporaryAllocation(of: iovec.self, capacity: room) {
        pieces throws(SystemError) in
        let count = unsafe gather(buffered, into: pieces)
        let offered = unsafe UnsafeMutableBufferPointer(rebasing: pieces[..<count])
        let bytesOffered = unsafe offered.reduce(0) { unsafe $0 &+ $1.iov_len }
        return (unsafe try descriptor.send(offered) ?? 0, bytesOffered)
      }
    }
  }

  /// Lists what to send, in order, as far as there is room. The blocks stay where they are:
  /// `placed` keeps them alive during the call.
  private func gather(
    _ buffered: UnsafeRawBufferPointer, into pieces: UnsafeMutableBufferPointer<iovec>
  ) -> Int {
    var count = 0
    var offset = 0
    func add(_ piece: UnsafeRawBufferPointer) {
      if unsafe piece.isEmpty { return }
      unsafe pieces.initializeElement(
        at: count,
        to: iovec(
          iov_base: UnsafeMutableRawPointer(mutating: piece.baseAddress), iov_len: piece.count))
      count += 1
    }
    var next = first
    while next < placed.count, count + 2 <= pieces.count {
      let before = placed[next].bytesBefore
      unsafe add(UnsafeRawBufferPointer(rebasing: buffered[offset..<offset + before]))
      offset += before
      if let block = placed[next].block {
        let start = next == first ? sentOfFirst : 0
        unsafe block.bytes.withUnsafeBytes {
          unsafe add(UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
      }
      next += 1
    }
    if next == placed.count, count < pieces.count {
      unsafe add(UnsafeRawBufferPointer(rebasing: buffered[offset...]))
    }
    return count
  }

  private func advance(by taken: Int) {
    var left = taken
    while first < placed.count, left > 0 {
      let bytesTaken = min(left, placed[first].bytesBefore)
      bytes.consume(bytesTaken)
      placed[first].bytesBefore -= bytesTaken
      bytesPlaced -= bytesTaken
      left -= bytesTaken
      guard placed[first].bytesBefore == 0, let block = placed[first].block else { break }
      let blockTaken = min(left, block.count - sentOfFirst)
      sentOfFirst += blockTaken
      blockBytes -= blockTaken
      left -= blockTaken
      if sentOfFirst < block.count { break }
      placed[first].block = nil
      first += 1
      sentOfFirst = 0
    }
    if first == placed.count {
      bytes.consume(left)
      placed.removeAll(keepingCapacity: true)
      first = 0
    } else if first >= Limits.piecesPerSendMax, first >= placed.count / 2 {
      placed.removeFirst(first)
      first = 0
    }
  }
}
