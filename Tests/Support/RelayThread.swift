private import Glibc

/// The thread of one relay.
final class RelayThread: Sendable {
  private let thread: pthread_t

  init(running loop: sending RelayLoop) throws {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(loop)
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<RelayLoop>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      throw ToolError("pthread_create: \(code)")
    }
    self.thread = thread
  }

  func join() { pthread_join(thread, nil) }
}
