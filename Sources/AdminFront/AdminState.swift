internal import HTTP
internal import ProxyCore
internal import Synchronization

/// What other threads tell the admin listener.
final class AdminState: Sendable {
  let isDraining = Atomic<Bool>(false)
}
