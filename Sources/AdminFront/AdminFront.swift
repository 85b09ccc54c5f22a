internal import HTTP
package import ProxyCore
internal import Synchronization

/// The door for those who operate proxyd: a listener of its own, on a thread of its own, so that nothing
/// that is asked here takes a loop's time but for telling what it has counted.
///
/// ```
///   scraper, browser ─▶ AdminSession ─▶ AdminDesk ──▶ (mailbox) ──▶ each Worker: WorkerReport
///                             ▲                                          │
///                             └── text, JSON, page ◀── AdminReport ◀─────┘
/// ```
package struct AdminFront: Sendable {
  /// Where it listens, its port included when it was the kernel that chose it.
  package let address: SocketAddress
  private let loop: LoopThread
  private let state: AdminState

  /// Listens on `address`, and tells what there is to tell of `proxy`.
  package init(
    on address: SocketAddress, proxy: Proxy, options: AdminOptions
  ) throws(SystemError) {
    let loop = try LoopThread(name: "proxyd-admin")
    let state = AdminState()
    self.loop = loop
    self.state = state
    let outcome = loop.perform { loop in
      let desk = AdminDesk(proxy, state, options, on: loop)
      let intake = loop.makeIntake { desk.admit($0) }
      return Result { () throws(SystemError) in
        try loop.listen(on: address, dealingTo: [intake]).address
      }
    }
    do throws(SystemError) {
      self.address = try outcome?.get() ?? address
    } catch {
      loop.stop()
      loop.join()
      throw error
    }
  }

  /// proxyd is about to end: from now on it is not ready.
  package func drain() { state.isDraining.store(true, ordering: .relaxed) }

  /// Ends it and waits for that. To be done before the proxy's end, so that no figure is told that is less
  /// than one told before.
  package func stop() {
    loop.stop()
    loop.join()
  }
}
