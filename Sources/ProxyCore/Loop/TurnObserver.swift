/// Is told how long a loop's turns take.
package protocol TurnObserver: AnyObject {
  /// A turn has ended, so long after it began: its answers were sent. No clock is read for it.
  func turnEnded(nanoseconds: Int64)
}
