/// What rosters tell each other.
enum RosterMessage: Sendable {
  /// To each loop's. A part is sent to `seat` for every slice of clients; the first id of the slice is
  /// `first`.
  case survey(ClientSurvey, from: Int, number: UInt64, first: Int)
  case part(SurveyPart, number: UInt64, isLast: Bool)
  /// To each: how clients are treated from now on.
  case options(RESPOptions)
  /// To the loop of this client: somebody who has sent invalidations there does so no more.
  case released(Int)
}
