/// Idle links: those of databases that are seldom used; a server may have
/// very many. Links of the database that clients start in stay.
struct IdleWatch {
  private var uses: UInt64 = 0
  private var since: Moment?

  /// For how long nothing has been asked of the link, as far as looks have shown.
  mutating func look(at link: LinkConnection, now: Moment) -> Duration {
    if let since, link.uses == uses, link.requestCount == 0 { return now.since(since) }
    uses = link.uses
    since = now
    return .zero
  }
}
