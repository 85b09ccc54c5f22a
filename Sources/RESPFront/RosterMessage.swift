/// What rosters tell each other.
enum RosterMessage: Sendable {
  /// To each loop's: what it says goes to `reply`. Its clients are asked in slices; the first id of the next one is
  /// `first`, and what those before it said is in `part`.
  case survey(ClientSurvey, part: SurveyPart, first: Int, reply: @Sendable (SurveyPart) -> Void)
  /// To each: how clients are treated from now on.
  case options(RESPOptions)
  /// To the loop of this client: another one has stopped to send its invalidations there.
  case released(Int)
}
