/// The links used last, since most requests take the same few.
struct RecentLinks {
  private struct Recent {
    let version: RESPVersion
    let database: UInt32
    let connection: LinkConnection
  }

  /// By strand and spare.
  private var links: [Recent?] = Array(repeating: nil, count: 2 * CommandStrand.count)

  func connection(
    _ strand: CommandStrand, _ version: RESPVersion, database: UInt32, isSpare: Bool
  ) -> LinkConnection? {
    guard let recent = links[Self.place(strand, isSpare)], recent.database == database,
      recent.version == version
    else { return nil }
    return recent.connection
  }

  mutating func note(_ link: SharedLink) {
    guard case .shared(let version, let database, let strand, let isSpare) = link.name else {
      return
    }
    links[Self.place(strand, isSpare)] = Recent(
      version: version, database: database, connection: link.connection)
  }

  mutating func forget(_ link: SharedLink) {
    guard case .shared(_, _, let strand, let isSpare) = link.name else { return }
    let place = Self.place(strand, isSpare)
    if links[place]?.connection === link.connection { links[place] = nil }
  }

  private static func place(_ strand: CommandStrand, _ isSpare: Bool) -> Int {
    strand.place &* 2 &+ (isSpare ? 1 : 0)
  }
}
