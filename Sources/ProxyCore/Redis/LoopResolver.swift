/// Names resolved for one loop: the answers come on its thread.
package final class LoopResolver {
  private let resolver: NameResolver
  private var mailbox: Mailbox<NameResolver.Answer>?
  private var waiting: [Int: (Result<[SocketAddress], ResolutionError>, Moment) -> Void] = [:]
  private var lastID = 0

  package init(_ resolver: NameResolver, on loop: EventLoop) {
    self.resolver = resolver
    mailbox = loop.makeMailbox(capacity: Limits.resolutionsMax) { [weak self] answer, now in
      self?.waiting.removeValue(forKey: answer.id)?(answer.result, now)
    }
  }

  /// Calls `completion` in a later turn of the loop unless it is cancelled before. Nil: refused,
  /// because so many names wait already.
  func resolve(
    _ host: String, port: UInt16,
    _ completion: @escaping (Result<[SocketAddress], ResolutionError>, Moment) -> Void
  ) -> Int? {
    guard let mailbox, waiting.count < Limits.resolutionsMax else { return nil }
    lastID &+= 1
    guard resolver.resolve(host, port: port, id: lastID, to: mailbox) else { return nil }
    waiting[lastID] = completion
    return lastID
  }

  func cancel(_ id: Int) { waiting[id] = nil }
}

@available(*, unavailable)
extension LoopResolver: Sendable {}
