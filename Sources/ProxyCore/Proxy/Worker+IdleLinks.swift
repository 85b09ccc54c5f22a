extension Worker {
  var homeDatabase: UInt32 { UInt32(clamping: proxy.settings.url.database) }

  func scheduleIdleCheck(now: Moment) {
    let pause = proxy.settings.linkIdleMax / Limits.linkIdleLooks
    _ = loop.schedule(at: now.advanced(by: pause), self, token: Timer.idleLinks.rawValue)
  }

  func retireIdleLinks(now: Moment) {
    let limit = proxy.settings.linkIdleMax
    for link in sharedLinks.values where !link.name.isKept(for: homeDatabase) {
      if link.watch.look(at: link.connection, now: now) >= limit { retire(link, now: now) }
    }
    home.retireIdleLinks(after: limit, now: now)
  }

  private func retire(_ link: SharedLink, now: Moment) {
    sharedLinks[link.name] = nil
    recentShared.forget(link)
    link.connection.close(now: now)
  }

  /// Makes room for one more shared link, at the cost of one that has nothing to do.
  func makeRoomForShared(now: Moment) throws(RedisError) {
    if sharedLinks.count < Limits.sharedLinksMax { return }
    let idle = sharedLinks.values.first {
      $0.connection.requestCount == 0 && !$0.name.isKept(for: homeDatabase)
    }
    guard let idle else { throw proxy.error(.queueFull(limit: Limits.sharedLinksMax)) }
    retire(idle, now: now)
  }

  /// Links that many share, for those who look for leaks: shared ones, and those for fills.
  package var sharedLinkCounts: (shared: Int, fill: Int) { (sharedLinks.count, home.linkCount) }
}

extension SharedLink.Name {
  /// Whether it stays where nothing is asked of it: in the database that clients start in, and no spare but that
  /// of scripts.
  fileprivate func isKept(for database: UInt32) -> Bool {
    switch self {
    case .shared(_, let own, let strand, let isSpare):
      own == database && (!isSpare || strand == .scripts)
    case .control: false
    }
  }
}

extension Home {
  var linkCount: Int { links.count }

  /// Only those that have filled nothing which may still be in memory: Redis would no longer tell that it has
  /// changed. What is over age is taken out soon after, in far less than `limit`.
  func retireIdleLinks(after limit: Duration, now: Moment) {
    for link in links.values
    where link.database != worker.homeDatabase && now > link.filledUntil.advanced(by: limit)
      && link.watch.look(at: link.connection, now: now) >= limit
    {
      links[link.database] = nil
      link.retire(now: now)
    }
  }
}
