private import Glibc
import ProxyCore

/// What a relay's thread does: wait, obey, accept, read, write.
final class RelayLoop {
  private struct Pair {
    /// -1 once it was closed.
    var client: Int32
    var target: Int32
    var toTarget = RelayLane()
    var toClient = RelayLane()
  }

  private let listener: Int32
  private let bell: Int32
  private var target: UInt16
  private let orders: Shared<[Relay.Order]>
  private var pairs: [Pair] = []
  private var toTarget = RelayLane.Manner()
  private var toClient = RelayLane.Manner()

  init(listener: Int32, bell: Int32, target: UInt16, orders: Shared<[Relay.Order]>) {
    self.listener = listener
    self.bell = bell
    self.target = target
    self.orders = orders
  }

  func run() {
    while true {
      let ready = wait()
      if ready.contains(bell) {
        guard let rung = try? Loopback.receive(from: bell), !rung.isEmpty else { break }
        for order in orders.change({ orders in
          defer { orders.removeAll() }
          return orders
        }) {
          obey(order)
        }
      }
      for index in pairs.indices { carry(&pairs[index], ready) }
      pairs.removeAll { $0.client < 0 && $0.target < 0 }
      if ready.contains(listener) { accept() }
    }
    for pair in pairs {
      if pair.client >= 0 { close(pair.client) }
      if pair.target >= 0 { close(pair.target) }
    }
    close(listener)
    close(bell)
  }

  /// Sleeps until a socket can be read, or a lane has something to write; says which can be read.
  private func wait() -> Set<Int32> {
    var polled = [
      pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
      pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
    ]
    var next = Moment.distantFuture
    let now = Moment.now
    for pair in pairs {
      for (lane, manner, source, sink) in [
        (pair.toTarget, toTarget, pair.client, pair.target),
        (pair.toClient, toClient, pair.target, pair.client),
      ] {
        if source >= 0, lane.wantsToRead {
          polled.append(pollfd(fd: source, events: Int16(POLLIN), revents: 0))
        }
        guard sink >= 0, let moment = lane.writeMoment(manner) else { continue }
        if moment <= now {
          polled.append(pollfd(fd: sink, events: Int16(POLLOUT), revents: 0))
        } else {
          next = min(next, moment)
        }
      }
    }
    var pause: Int32 = -1
    if next != .distantFuture {
      let microseconds = (next.nanoseconds - now.nanoseconds) / 1_000 + 1
      // poll counts in milliseconds, which is too coarse for slices.
      if microseconds < 1_000 { usleep(UInt32(microseconds)) }
      pause = Int32(min(microseconds / 1_000, 1_000))
    }
    unsafe poll(&polled, nfds_t(polled.count), pause)
    let readable = Int16(POLLIN | POLLHUP | POLLERR)
    return Set(polled.filter { $0.events == Int16(POLLIN) && $0.revents & readable != 0 }.map(\.fd))
  }

  private func accept() {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return }
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    Loopback.set(client, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    guard let target = try? Loopback.connect(port: target) else {
      Loopback.reset(client)
      return
    }
    pairs.append(Pair(client: client, target: target))
  }

  private func carry(_ pair: inout Pair, _ ready: Set<Int32>) {
    if pair.client >= 0, pair.toTarget.wantsToRead, ready.contains(pair.client),
      !pair.toTarget.read(from: pair.client, toTarget)
    {
      resetBoth(&pair)
    }
    if pair.target >= 0, pair.toClient.wantsToRead, ready.contains(pair.target),
      !pair.toClient.read(from: pair.target, toClient)
    {
      resetBoth(&pair)
    }
    let now = Moment.now
    if pair.target >= 0, !pair.toTarget.write(to: pair.target, toTarget, now: now) {
      resetBoth(&pair)
    }
    if pair.client >= 0, !pair.toClient.write(to: pair.client, toClient, now: now) {
      resetBoth(&pair)
    }
    closeEnded(&pair)
  }

  /// One side was reset by itself, so the other is too.
  private func resetBoth(_ pair: inout Pair) {
    reset(&pair, .toClient)
    reset(&pair, .toTarget)
  }

  /// Closes what has nothing left to say or to hear.
  private func closeEnded(_ pair: inout Pair) {
    let isClientDone =
      pair.toTarget.isSourceDone && (pair.toClient.isSinkDone || pair.toClient.isSecretive)
    let isTargetDone =
      pair.toClient.isSourceDone && (pair.toTarget.isSinkDone || pair.toTarget.isSecretive)
    if isClientDone, pair.client >= 0 {
      Glibc.close(pair.client)
      pair.client = -1
    }
    if isTargetDone, pair.target >= 0 {
      Glibc.close(pair.target)
      pair.target = -1
    }
  }

  private func obey(_ order: Relay.Order) {
    if case .target(let target) = order.command { self.target = target }
    switch order.direction {
    case .toTarget: Self.apply(order.command, to: &toTarget)
    case .toClient: Self.apply(order.command, to: &toClient)
    }
    for index in pairs.indices {
      switch (order.command, order.direction) {
      case (.cut, .toTarget) where pairs[index].target >= 0:
        pairs[index].toTarget.finish(pairs[index].target)
      case (.cut, .toClient) where pairs[index].client >= 0:
        pairs[index].toClient.finish(pairs[index].client)
      case (.freeze, _):
        pairs[index].toTarget.isFrozen = true
        pairs[index].toClient.isFrozen = true
      case (.reset, let direction): reset(&pairs[index], direction)
      default: break
      }
    }
  }

  private static func apply(_ command: Relay.Command, to manner: inout RelayLane.Manner) {
    switch command {
    case .delay(let duration): manner.delay = duration
    case .jitter(let duration): manner.jitter = duration
    case .slice(let bytes): manner.sliceBytes = max(bytes, 0)
    case .stall(let isStalled): manner.isStalled = isStalled
    case .cut, .reset, .target, .freeze: break
    }
  }

  /// Resets the receiver of a direction, from which then nothing comes either.
  private func reset(_ pair: inout Pair, _ direction: Relay.Direction) {
    switch direction {
    case .toTarget:
      if pair.target >= 0 { Loopback.reset(pair.target) }
      pair.target = -1
      pair.toTarget.abandon()
      pair.toClient.loseSource()
    case .toClient:
      if pair.client >= 0 { Loopback.reset(pair.client) }
      pair.client = -1
      pair.toClient.abandon()
      pair.toTarget.loseSource()
    }
  }
}
