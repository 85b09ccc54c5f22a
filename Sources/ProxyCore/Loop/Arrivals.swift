/// What connections have received in this turn and their handlers have not been shown yet.
///
/// Receiving is a matter of the kernel's code and data, handling of ours: done in turn for each connection,
/// one drives the other out of the processor's caches every time. So a batch is received first, into one
/// piece of memory, and handled then, in the same order; before a connection's end is told, too.
@safe
struct Arrivals: ~Copyable {
  /// A connection, and where in the memory lies what it has got, what its handler had left included.
  struct Arrival {
    let guest: Guest
    let offset: Int
    let count: Int
  }

  private let memory: UnsafeMutableRawBufferPointer
  private var used = 0
  private var queue = Ring<Arrival>(keepingRoomFor: Limits.arrivalsMax)

  init() {
    // What one connection may receive fits behind what is not full.
    unsafe memory = .allocate(byteCount: 2 * Limits.scratchBytes, alignment: 64)
  }

  deinit { unsafe memory.deallocate() }

  /// Whether there may be too little room for one more.
  var isFull: Bool { queue.count >= Limits.arrivalsMax || used > Limits.scratchBytes }

  /// Where the next connection may receive; valid until something is added.
  var room: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[used..<used &+ Limits.scratchBytes])
  }

  /// The first `count` bytes of the room are for the connection's handler.
  mutating func add(_ count: Int, for connection: Connection) {
    queue.append(Arrival(guest: Guest(connection), offset: used, count: count))
    used &+= count
  }

  /// How many there are, and the next one, the one after it, and so on.
  var count: Int { queue.count }
  subscript(index: Int) -> Arrival { queue[index] }

  /// The next one, in order; its bytes are valid until all have been taken and another is added.
  mutating func next() -> Arrival? {
    let arrival = queue.removeFirst()
    if arrival == nil { used = 0 }
    return arrival
  }

  func bytes(of arrival: borrowing Arrival) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(
      rebasing: memory[arrival.offset..<arrival.offset &+ arrival.count])
  }
}
