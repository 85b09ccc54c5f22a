internal import Glibc
internal import Synchronization

/// A socket that accepts, and who gets what it accepted.
package final class Listener {
  private let loop: EventLoop
  private(set) var descriptor: FileDescriptor
  private var token = PollToken(slot: .max, registration: .max)
  private var pause: TimerHandle?
  private var accept: ((consuming FileDescriptor, SocketAddress?) -> Void)?
  /// Whether another process has the socket as well, which gets later clients.
  private let isShared: Bool

  init(
    loop: EventLoop, descriptor: consuming FileDescriptor, isShared: Bool = false,
    accept: @escaping (consuming FileDescriptor, SocketAddress?) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.isShared = isShared
    self.descriptor = descriptor
    self.accept = accept
    token = loop.slots.insert(.listener(self))
    do throws(SystemError) {
      try loop.poller.add(self.descriptor, token, for: .reading)
    } catch {
      loop.slots.remove(token)
      throw error
    }
  }

  /// Where it listens, its port included when it was the kernel that chose it.
  package var address: SocketAddress? { try? descriptor.localAddress() }

  var isPaused: Bool { pause != nil }

  /// Stops listening at once.
  package func close() {
    if !descriptor.isOpen { return }
    loop.slots.remove(token)
    // A child between fork and exec has it as well, and closed here alone it would go on listening.
    if !isShared { try? descriptor.shutdown(.reading) }
    descriptor.close()
    if let pause { loop.cancel(pause) }
    accept = nil
  }

  /// Accepts those that have connected already, and none after them.
  func finish(now: Moment) {
    if !isShared {
      // Each time as many as in a turn; without any, that costs a call.
      for _ in 0..<Int(Limits.listenBacklog) / Limits.acceptsPerTurnMax { accept(now: now) }
    }
    close()
  }

  func accept(now: Moment) {
    for _ in 0..<Limits.acceptsPerTurnMax {
      guard descriptor.isOpen, !isPaused else { return }
      do throws(SystemError) {
        guard let (number, peer) = try descriptor.accept() else { return }
        loop.counters.accepted.wrappingAdd(1, ordering: .relaxed)
        accept?(FileDescriptor(owning: number), peer)
      } catch {
        loop.counters.acceptFailures.wrappingAdd(1, ordering: .relaxed)
        if !Self.concernsOneConnection(error) { rest(now: now) }
      }
    }
  }

  /// Linux reports a connection's own troubles when it is accepted: the next one may be well.
  private static func concernsOneConnection(_ error: SystemError) -> Bool {
    switch error.code {
    case ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
      ENETUNREACH, EPERM, ETIMEDOUT:
      true
    default:
      false
    }
  }

  /// Out of descriptors or memory: the connection stays in the kernel's queue, so the poller would
  /// report it again and again. Others are served meanwhile, and some of them will close.
  private func rest(now: Moment) {
    do throws(SystemError) {
      try loop.poller.change(descriptor, token, to: [])
    } catch {
      return close()
    }
    pause = loop.schedule(at: now.advanced(by: Limits.acceptPause), self, token: 0)
  }
}

extension Listener: TimerTarget {
  package func timerFired(_ token: Int, now: Moment) {
    pause = nil
    do throws(SystemError) {
      try loop.poller.change(descriptor, self.token, to: .reading)
    } catch {
      close()
    }
  }
}

extension EventLoop {
  /// Listens on `address` and hands every connection to `accept`.
  package func listen(
    on address: SocketAddress, options: SocketOptions = .forClients,
    accept: @escaping (consuming FileDescriptor, SocketAddress?) -> Void
  ) throws(SystemError) -> Listener {
    if isShutDown { throw SystemError("listen", code: ESHUTDOWN) }
    let descriptor = try FileDescriptor.listening(on: address, options: options)
    return try Listener(loop: self, descriptor: descriptor, accept: accept)
  }

  /// Listens on `address` and gives each connection to whichever of `intakes` has the fewest. With
  /// the number of an `inherited` socket it listens on that one, and the number is taken over.
  package func listen(
    on address: SocketAddress, inherited: Int32? = nil, options: SocketOptions = .forClients,
    dealingTo intakes: [Intake]
  ) throws(SystemError) -> Listener {
    let dealer = Dealer(intakes)
    let deal = { [counters] (descriptor: consuming FileDescriptor, peer: SocketAddress?) in
      if !dealer.deal(descriptor, peer) {
        counters.acceptFailures.wrappingAdd(1, ordering: .relaxed)
      }
    }
    guard let inherited else { return try listen(on: address, options: options, accept: deal) }
    let descriptor = FileDescriptor(owning: inherited)
    try descriptor.prepareInherited(options)
    return try Listener(loop: self, descriptor: descriptor, isShared: true, accept: deal)
  }
}
