/// What can stand as an argument of a command: strings, bytes and numbers, and what you add.
///
/// ```swift
/// extension UserID: RedisArgumentConvertible {
///   var redisArgument: RedisArgument { RedisArgument("user:\(number)") }
/// }
///
/// let profile = try await redis.get(UserID(number: 7))
/// ```
public protocol RedisArgumentConvertible {
  /// The argument that stands for this value. Asked for once a request.
  var redisArgument: RedisArgument { get }
}
