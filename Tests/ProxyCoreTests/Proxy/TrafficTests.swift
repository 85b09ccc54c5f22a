import Testing

@testable import ProxyCore

/// The order rule over several links: a request follows those that name a key of its own, or waits.
struct TrafficTests {
  private func pass(
    _ strand: CommandStrand, _ keys: UInt64..., namesAll: Bool = false
  ) -> Journey {
    var journey = namesAll ? Journey.namingAll(bytes: 1) : Journey(.pass, bytes: 1)
    journey.strand = strand
    for key in keys where !namesAll { journey.add(key) }
    return journey
  }

  private func strand(
    of journey: Journey, behind others: [Journey]
  ) -> CommandStrand? {
    var traffic = Traffic()
    for other in others { traffic.begin(other) }
    let strand = traffic.strand(of: journey, preferring: journey.strand)
    for other in others { traffic.end(other) }
    let isOver = traffic.isEmpty
    #expect(isOver)
    let alone = traffic.strand(of: journey, preferring: journey.strand)
    #expect(alone == journey.strand)
    return strand
  }

  @Test func `a request follows what names its key, and nothing but reads follows reads`() {
    let rows: [(Journey, behind: [Journey], CommandStrand?)] = [
      // Other keys.
      (pass(.reads, 1), [pass(.writes, 2)], .reads),
      (pass(.writes, 1), [pass(.reads, 2)], .writes),
      (pass(.writes, 1, 3), [pass(.reads, 2), pass(.writes, 4)], .writes),
      // The same key.
      (pass(.reads, 1), [pass(.writes, 1)], .writes),
      (pass(.reads, 1), [pass(.writes, 2), pass(.writes, 1)], .writes),
      (pass(.reads, 1), [pass(.scripts, 1)], .scripts),
      (pass(.reads, 1), [pass(.reads, 1)], .reads),
      (pass(.writes, 1), [pass(.writes, 1)], .writes),
      (pass(.writes, 1), [pass(.scripts, 1)], .scripts),
      (pass(.scripts, 1), [pass(.writes, 1)], .writes),
      (pass(.writes, 1), [pass(.reads, 1)], nil),
      (pass(.scripts, 1), [pass(.reads, 1)], nil),
      // On two links.
      (pass(.reads, 1), [pass(.writes, 1), pass(.reads, 1)], nil),
      (pass(.reads, 1), [pass(.writes, 1), pass(.scripts, 1)], nil),
      (pass(.writes, 1), [pass(.writes, 1), pass(.scripts, 1)], nil),
      (pass(.writes, 1), [pass(.writes, 2), pass(.scripts, 1)], .scripts),
      // What may name any key, or tell of any.
      (pass(.scripts, 1, namesAll: true), [pass(.writes, 2)], .writes),
      (pass(.scripts, 1, namesAll: true), [pass(.reads, 2)], nil),
      (pass(.reads, 1), [pass(.scripts, 2, namesAll: true)], .scripts),
      (pass(.writes, 1), [pass(.scripts, 2, namesAll: true)], .scripts),
      (pass(.reads), [pass(.writes, 1)], .writes),
      (pass(.writes, 1), [pass(.reads)], nil),
      (pass(.writes), [pass(.reads, 1)], nil),
      (pass(.reads), [pass(.reads)], .reads),
    ]
    for (number, (journey, others, expected)) in rows.enumerated() {
      #expect(strand(of: journey, behind: others) == expected, "row \(number)")
    }
  }

  @Test func `there is room for the links of all strands`() {
    // Of each version, and with their spares.
    #expect(Limits.sharedLinksPerDatabase == 2 * 2 * CommandStrand.count)
  }

  @Test func `as many keys as a client may name are counted`() {
    #expect(Limits.journeyKeysMax * Limits.journeysMax < 1 << Traffic.Strands.width)
  }

  @Test(arguments: [
    ("get", CommandStrand.reads), ("hgetall", .reads), ("ping", .reads), ("info", .reads),
    ("scan", .reads), ("object|encoding", .reads), ("set", .writes), ("publish", .writes),
    ("spublish", .writes), ("pfcount", .writes), ("flushall", .writes), ("script|load", .writes),
    ("function|load", .writes), ("copy", .writes), ("eval", .scripts), ("eval_ro", .scripts),
    ("fcall", .scripts), ("fcall_ro", .scripts), ("evalsha", .scripts),
  ])
  func `Redis holds back together what shares a link`(_ name: String, _ strand: CommandStrand) {
    #expect(CommandTable.builtIn.command(name).strand == strand)
  }
}
