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
