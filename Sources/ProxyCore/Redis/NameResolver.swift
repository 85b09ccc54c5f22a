/// Turns names into addresses on a thread of its own, since that may block for many seconds.
package final class NameResolver: Sendable {
  struct Answer: Sendable {
    let id: Int
    let result: Result<[SocketAddress], ResolutionError>
  }

  private let thread: LoopThread

  package init() throws(SystemError) { thread = try LoopThread(name: "resolver") }

  deinit { thread.stop() }

  /// Mails the addresses to `mailbox`. False: so many names wait already that this one is refused.
  func resolve(_ host: String, port: UInt16, id: Int, to mailbox: Mailbox<Answer>) -> Bool {
    thread.remote.post { _ in
      let result = Result { () throws(ResolutionError) in
        try SocketAddress.resolve(host, port: port)
      }
      // A loop that has ended since has no use for it.
      _ = mailbox.send(Answer(id: id, result: result))
    }
  }
}

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
