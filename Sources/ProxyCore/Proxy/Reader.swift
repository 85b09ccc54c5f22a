/// One who waits for a key's value: a read of a worker.
struct Reader: Sendable {
  let worker: Int
  let read: UInt64
  /// When it asked.
  let asked: Moment
  /// Whether it waits for what another has asked for.
  var hasJoined = false
}
