/// Every bound of the library in one place. A buffer, queue, table or wait that is not listed here must
/// not exist; `checkRelations` holds what the bounds owe to each other.
package enum Limits {
}

extension Limits {
  // RESP: requests. The first six are Redis's own.

  /// A line of a request: an inline command, a count, a length.
  package static let lineBytesMax = 64 * 1024
  /// Arguments that a request may declare. Nothing is allocated for what is only declared.
  package static let argumentsDeclaredMax = Int(Int32.max)
  package static let argumentsUnauthenticatedMax = 10
  /// An argument: `proto-max-bulk-len`.
  package static let argumentBytesMax = 512 * 1024 * 1024
  package static let argumentBytesUnauthenticatedMax = 16 * 1024
  /// A request that is waited for as a whole: `client-query-buffer-limit`. Offsets in it fit 32 bits.
  package static let requestBytesMax = 1024 * 1024 * 1024
  /// An argument that is waited for; a larger one is relayed as it comes.
  package static let argumentBufferedMax = 64 * 1024
  /// Arguments for which room is kept between requests.
  package static let argumentsKeptMax = 1024

  // RESP: replies.

  /// Aggregates within aggregates. A script can build deeper ones; no command does.
  package static let replyDepthMax = 128
  /// A string or a line that Redis may send: above any `proto-max-bulk-len` in use. It is relayed or
  /// skipped in pieces; what is kept of a reply is bounded by who keeps it.
  package static let replyStringBytesMax = 4 * 1024 * 1024 * 1024
  /// Elements that an aggregate may declare.
  package static let replyElementsMax = Int(UInt32.max)
  /// An error reply that is looked for at once; a longer one is found by the scanner.
  package static let replyErrorBytesMax = 4 * 1024

  /// What the bounds of RESP owe to each other.
  package static var respRelationsHold: Bool {
    argumentBytesUnauthenticatedMax <= argumentBufferedMax
      && argumentBufferedMax < argumentBytesMax
      && argumentBytesMax < requestBytesMax
      && requestBytesMax + argumentBytesMax <= Int(UInt32.max)
      && argumentBytesMax <= replyStringBytesMax
  }

}

extension Limits {  // Limiter
  /// Permits of a concurrency limiter; more is as good as none at all.
  package static let limiterPermitsMax = 1 << 20
  /// Waiters of a concurrency limiter; with their links some 80 MB.
  package static let limiterWaitersMax = 1 << 20
  /// How long the task that watches deadlines sleeps at once, so that no deadline is too far for
  /// the system's clock.
  package static let limiterSleepMax = Duration.seconds(3_600)
}
