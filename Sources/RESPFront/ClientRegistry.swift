internal import ProxyCore

/// All clients of a front, wherever they are: a roster on each loop, touched by that loop only. Who asks about
/// all of them asks each roster by mail, so that neither coming and going nor a request costs a lock.
///
/// ```
///   CLIENT LIST ─▶ roster of the client's loop ─┬─▶ survey ─▶ every roster, slice by slice ─┐
///                  reply in its place ◀─────────┴─────────────── parts ◀───────────────────┘
/// ```
final class ClientRegistry: Sendable {
  let seats: [RosterSeat]

  init(on loops: [LoopThread]) {
    seats = loops.compactMap { loop in loop.perform { RosterSeat(on: $0) } }
  }
}
