/// What a handler did with the bytes that it was given.
package enum Consumption {
  /// The first `count` bytes are done with, and what follows is not a whole request. Called again
  /// when at least `needing` bytes (counted from the first one that is left) are there: a handler
  /// that knows how large a request is says so and is not called in vain.
  case taken(_ count: Int, needing: Int = 0)
  /// The first `count` bytes are done with, and enough was done for this turn: called again in the
  /// next, after the answers were sent.
  case yielded(_ count: Int)
}
