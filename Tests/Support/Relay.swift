private import Glibc

/// A TCP relay between clients and a target, for tests that need the network to misbehave on
/// command.
///
/// ```
/// client ──▶ lane to the target ──▶ target
///        ◀── lane to the client ◀──
/// ```
///
/// Each direction is a lane that can be delayed, cut into pieces, stalled, ended or reset by
/// itself. Bytes are never reordered, and without a command from the test they go on as they came.
/// Settings hold for present and future connections, `cut` and `reset` for the present ones.
public final class Relay: Sendable {
  /// Which way bytes go.
  public enum Direction: Sendable { case toTarget, toClient }

  enum Command: Sendable {
    case delay(Duration)
    case jitter(Duration)
    case slice(bytes: Int)
    case stall(Bool)
    case cut
    case reset
    case target(UInt16)
    case freeze
  }

  struct Order: Sendable {
    let command: Command
    let direction: Direction
  }

  /// Where clients connect.
  public let port: UInt16
  private let orders: Shared<[Order]>
  private let bell: Int32
  private let ended: RelayThread

  /// Starts a relay to a port of 127.0.0.1. Nobody need listen there yet.
  public init(to target: UInt16) throws {
    var ends: [Int32] = [0, 0]
    guard unsafe socketpair(AF_UNIX, Loopback.streamType, 0, &ends) == 0 else {
      throw ToolError.last("socketpair")
    }
    let (listener, port) = try Loopback.listen()
    self.port = port
    bell = ends[1]
    orders = Shared([])
    let loop = RelayLoop(listener: listener, bell: ends[0], target: target, orders: orders)
    ended = try RelayThread(running: loop)
  }

  deinit {
    // The thread ends when nobody is left to ring, closing all that is its own.
    close(bell)
    ended.join()
  }

  /// Bytes go on no sooner than so long after they came. Zero: at once.
  public func delay(_ duration: Duration, _ direction: Direction) {
    give(.delay(duration), direction)
  }

  /// Bytes go on later by a time up to `duration` that is another one for each piece and each connection,
  /// so that what two connections carry overtakes each other.
  public func jitter(_ duration: Duration, _ direction: Direction) {
    give(.jitter(duration), direction)
  }

  /// Bytes go on in segments of so many, a fifth of a millisecond apart. 0: as they came.
  public func slice(bytes: Int, _ direction: Direction) { give(.slice(bytes: bytes), direction) }

  /// Nothing goes on any more, until `resume`; past a megabyte the sender is not read either.
  public func stall(_ direction: Direction) { give(.stall(true), direction) }

  /// What a stall held back goes on, in order.
  public func resume(_ direction: Direction) { give(.stall(false), direction) }

  /// The receiver sees the end of the stream (FIN) where it is now; what is on its way is lost.
  public func cut(_ direction: Direction) { give(.cut, direction) }

  /// The receiver sees a reset, and the relay keeps the sender in the dark.
  public func reset(_ direction: Direction) { give(.reset, direction) }

  /// Nothing goes on any more over the present connections, either way, and both sides are left to believe that
  /// the other one is there. Those made from now on work.
  public func freeze() { give(.freeze, .toTarget) }

  /// Connections made from now on go to another port, as where an address moves to another server.
  public func redirect(to target: UInt16) { give(.target(target), .toTarget) }

  private func give(_ command: Command, _ direction: Direction) {
    orders.change { $0.append(Order(command: command, direction: direction)) }
    try? Loopback.send([1], to: bell)
  }
}
