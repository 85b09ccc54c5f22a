/// What becomes of the way to Redis, for those who tell people.
package enum RedisNews: Equatable, Sendable {
  /// There is a link, for the first time or after `away`.
  case connected
  /// There is none, and this is why. Another one is tried for all the time.
  case away(RedisError)
  /// Redis does not tell of changes, and this is why: entries are right only until they expire.
  case untracked(RedisError)
  /// Redis does not say which server it is: whenever a link is lost, all that is known is fetched again.
  case unidentified
  /// A link of this kind was not answered, though Redis answers over others, and is made again.
  case unanswered(LinkKind)
}
