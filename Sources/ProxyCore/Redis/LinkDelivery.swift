/// What becomes of a request's reply.
package enum LinkDelivery: Equatable, Sendable {
  /// `GET` and `PTTL` of one key: two replies, reported as one.
  case fill
  /// The reply's bytes, as they come.
  case relay
  /// So many replies to one of the commands that change what a client is subscribed to, each the
  /// confirmation of one channel; an error ends them all.
  case confirmations(UInt32)
  /// The same of an EXEC some of whose elements are confirmations, as `expect` has told.
  case transaction
  /// A `RESPValue`.
  case tree
  /// The same, of what the proxy itself has asked: what is longer than any answer to that is not read.
  case answer
  /// So many replies of no interest, and then a `RESPValue`: several commands that are one request, because
  /// nothing may come between them.
  case treeAfter(UInt32)
  /// Only that it came.
  case discard
}
