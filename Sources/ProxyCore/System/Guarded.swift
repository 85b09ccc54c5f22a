/// Something and the lock that must be held to touch it, side by side in memory. They are two fields, so
/// that changing the one, which takes exclusive access to all of it, never covers the other.
@usableFromInline
struct Guarded<Content: ~Copyable>: ~Copyable {
  @usableFromInline let lock = Lock()
  @usableFromInline var content: Content

  @inlinable
  init(_ content: consuming Content) { self.content = content }
}
