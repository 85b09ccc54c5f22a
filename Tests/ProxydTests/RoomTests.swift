import TestSupport
import Testing

@testable import Daemon
@testable import ProxyCore

@Suite struct RoomTests {
  /// As it is by default, but for what a test is about.
  private func configuration(clients: Int, links: Int, threads: Int = 2) -> Configuration {
    var configuration = Configuration()
    configuration.clientsMax = clients
    configuration.pinnedMax = links
    configuration.threads = threads
    return configuration
  }

  /// Without what is kept free for others.
  private func fitted(_ configuration: Configuration, spare: Int) -> [Int] {
    var configuration = configuration
    configuration.refusalsMax = 0
    configuration.adminConnectionsMax = 1
    let room = Room(descriptors: configuration.descriptorsReserved + spare)
    let fitted = room.fit(configuration)
    return [fitted.clientsMax, fitted.pinnedMax]
  }

  @Test func `what there is goes to clients and to links of their own as they were asked for`() {
    let usual = configuration(clients: 10_000, links: 5_000)
    let cases: [(spare: Int, clients: Int, links: Int)] = [
      (15_000, 10_000, 5_000), (14_999, 9_999, 5_000), (7_500, 5_000, 2_500), (300, 200, 100),
      (4, 2, 2), (3, 2, 1), (2, 1, 1),
    ]
    for (spare, clients, links) in cases {
      #expect(fitted(usual, spare: spare) == [clients, links], "\(spare)")
    }
    // A client needs one link at most, however many might be there.
    #expect(fitted(configuration(clients: 10, links: 5_000), spare: 100) == [10, 90])
    #expect(fitted(configuration(clients: 10, links: 5_000), spare: 10) == [5, 5])
    #expect(fitted(configuration(clients: 500, links: 0), spare: 100) == [100, 0])
    #expect(fitted(configuration(clients: 1, links: 0), spare: 100) == [1, 0])
  }

  @Test func `where there is little, less is kept free for those who are turned away`() {
    let usual = configuration(clients: 10_000, links: 5_000)
    let least = 2 * Configuration.descriptorsPerLoop + Configuration.descriptorsPerProcess + 1
    #expect(least == 59, "some 20 while idle, and the links of two loops")
    let cases: [(limit: Int, figures: [Int])] = [
      // Clients, links of their own, those told why they are not, operators.
      (100, [18, 10, 1, 10]), (200, [62, 32, 5, 28]), (300, [107, 54, 10, 41]),
      (1_024, [558, 280, 16, 64]), (60, [1, 1, 0, 1]), (64, [2, 2, 0, 2]),
    ]
    for (limit, figures) in cases {
      let fitted = Room(descriptors: limit).fit(usual)
      let found = [
        fitted.clientsMax, fitted.pinnedMax, fitted.refusalsMax, fitted.adminConnectionsMax,
      ]
      #expect(found == figures, "\(limit)")
      #expect(fitted.descriptorsNeeded <= limit || limit == 60)
    }
    // Who has more descriptors serves no fewer, but for what is rounded.
    var former = 0
    for limit in 0..<16_000 {
      let count = Room(descriptors: limit).fit(usual).clientsMax
      #expect(count >= former - 3, "\(limit)")
      former = max(former, count)
    }
  }

  /// What a loop connects to by itself.
  @Test func `every shared link of a database has its descriptor`() {
    let versions = 2
    let halves = 2  // the link and its spare
    #expect(Limits.sharedLinksPerDatabase == versions * halves * CommandStrand.count)
    #expect(
      Configuration.descriptorsPerLoop == 3 + versions * halves * CommandStrand.count + 2)
  }

  @Test func `where there is enough, or nobody knows, nothing is taken away`() {
    for (clients, links) in [(1, 0), (1, 1), (10_000, 5_000), (1_000_000, 1_000_000)] {
      let wanted = configuration(clients: clients, links: links, threads: Limits.workersMax)
      for limit in [nil, wanted.descriptorsNeeded, wanted.descriptorsNeeded + 1, .max] {
        #expect(Room(descriptors: limit).fit(wanted) == wanted)
      }
    }
  }

  @Test(arguments: [0, 1, 2, 3, 20])
  func `one client and a link of its own are let in however little there is`(_ limit: Int) {
    for (clients, links) in [(1, 1), (2, 1), (10_000, 5_000), (1_000_000, 1_000_000)] {
      let fitted = Room(descriptors: limit).fit(configuration(clients: clients, links: links))
      #expect(fitted.clientsMax == 1 && fitted.pinnedMax == 1)
    }
    let fitted = Room(descriptors: limit).fit(configuration(clients: 10_000, links: 0))
    #expect(fitted.clientsMax <= 2 && fitted.pinnedMax == 0)
  }

  @Test func `no more is given away than there is, and no more than was asked for`() {
    var random = SeededGenerator.forTest()
    func any(_ most: Int) -> Int {
      // Of every order of magnitude alike.
      Int.random(in: 0...min(most, 1 << Int.random(in: 0...20, using: &random)), using: &random)
    }
    for _ in 0..<20_000 {
      let wanted = configuration(
        clients: 1 + any(999_999), links: any(1_000_000),
        threads: Int.random(in: 1...Limits.workersMax, using: &random))
      let limit = any(4_000_000)
      let fitted = Room(descriptors: limit).fit(wanted)
      #expect((1...wanted.clientsMax).contains(fitted.clientsMax))
      #expect((min(1, wanted.pinnedMax)...wanted.pinnedMax).contains(fitted.pinnedMax))
      // Less than this is no limit to live with, and said to be too little.
      var least = wanted
      least.refusalsMax = 0
      least.adminConnectionsMax = 1
      let bound = max(limit, least.descriptorsReserved + 2)
      #expect(
        fitted.descriptorsNeeded <= bound, "\(limit): \(wanted.clientsMax) \(wanted.pinnedMax)")
      // Nothing else is changed.
      var rest = fitted
      rest.clientsMax = wanted.clientsMax
      rest.pinnedMax = wanted.pinnedMax
      #expect((0...Limits.refusalsMax).contains(rest.refusalsMax))
      #expect((1...Limits.adminConnectionsMax).contains(rest.adminConnectionsMax))
      rest.refusalsMax = wanted.refusalsMax
      rest.adminConnectionsMax = wanted.adminConnectionsMax
      #expect(rest == wanted)
    }
  }
}
