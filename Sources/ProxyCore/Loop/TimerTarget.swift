/// Who is told when a deadline has come. One object may have many timers; `token` tells them apart.
package protocol TimerTarget: AnyObject {
  func timerFired(_ token: Int, now: Moment)
}
