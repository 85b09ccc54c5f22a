/// What workers tell each other.
enum WorkerMessage: Sendable {
  /// To a key's home: what is its value?
  case fetch(key: [UInt8], hash: UInt64, database: UInt32, reader: Reader)
  /// To there: this one waits no more.
  case abandoned(Reader, hash: UInt64, database: UInt32)
  /// From there: what these readers are to be told. Bytes are with it where the outcome has some.
  case fetched([Reader], FetchOutcome, FetchNotes, SharedBlock?)
  /// From there: a write is under way; ask for yourself.
  case askYourself(UInt64, key: [UInt8])
  /// To each worker: say when what Redis has pushed so far was applied.
  case fence(@Sendable () -> Void)
  /// To itself: those who ask for a fence in one turn share it.
  case beginFence
  /// From the limiter: a wait has ended.
  case waitEnded(UInt64, LimiterOutcome)
  /// Another server answers: reconnect.
  case renew
  /// A link was lost, and Redis does not say which server it is: reconnect what was ready before.
  case renewUnidentified(readyBefore: Moment, withClients: Bool)
  case learned(CommandTable)
  /// Something to do on the worker, for tasks; nil where the worker has ended.
  case perform(@Sendable (Worker?, Moment) -> Void)
}
