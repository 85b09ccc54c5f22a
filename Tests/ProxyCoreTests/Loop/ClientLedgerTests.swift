import Testing

@testable import ProxyCore

/// Two loops, turned by hand, whose clients share one limit.
@Suite struct ClientLedgerTests {
  private static let limit = 1_600

  private final class Silent: ConnectionHandler {
    func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
      .taken(bytes.byteCount)
    }
  }

  private struct Site: ~Copyable {
    let loops: [EventLoop]
    let ledger: ClientLedger
    private var peers: [Int32] = []

    init() throws {
      loops = [try EventLoop(), try EventLoop()]
      ledger = ClientLedger(.output, limit: ClientLedgerTests.limit, loops: loops.map(\.remote))
    }

    mutating func connect(to place: Int) throws -> Connection {
      let pair = try SocketPair.make()
      peers.append(pair.there)
      let connection = try loops[place].adopt(FileDescriptor(owning: pair.here), peer: nil) { _ in
        Silent()
      }
      let client = try #require(connection)
      client.ledger = ledger
      return client
    }

    func turn(_ place: Int) { loops[place].turn(mayWait: false) }

    func settle() {
      for _ in 0..<10 { for place in loops.indices { turn(place) } }
    }

    deinit {
      for loop in loops { loop.shutDown() }
      for peer in peers { _ = FileDescriptor(owning: peer) }
    }
  }

  @Test(arguments: [0, 1], [0, 1])
  func `whoever has left most unread is closed, on whichever loop`(_ modest: Int, _ greedy: Int)
    throws
  {
    var site = try Site()
    let (one, other) = (try site.connect(to: modest), try site.connect(to: greedy))
    one.settleOutput(holding: 700)
    other.settleOutput(holding: 901)
    site.settle()
    #expect(one.isOpen && !other.isOpen)
    #expect(site.ledger.bytes == 700 && site.ledger.closed == 1)
  }

  @Test func `nobody is closed for what others had not yet left when they were asked`() throws {
    var site = try Site()
    let (modest, greedy) = (try site.connect(to: 0), try site.connect(to: 1))
    modest.settleOutput(holding: 500)
    greedy.settleOutput(holding: 1_150)
    site.turn(0)
    greedy.settleOutput(holding: 0)
    site.turn(1)
    // The search ends on the first loop, which has the largest that was found.
    greedy.settleOutput(holding: 1_150)
    site.settle()
    #expect(modest.isOpen && !greedy.isOpen)
    #expect(site.ledger.bytes == 500)
  }

  @Test func `nobody is closed where there is room again`() throws {
    var site = try Site()
    let (one, other) = (try site.connect(to: 0), try site.connect(to: 1))
    one.settleOutput(holding: 800)
    other.settleOutput(holding: 850)
    other.settleOutput(holding: 100)
    site.settle()
    #expect(one.isOpen && other.isOpen)
    #expect(site.ledger.bytes == 900)
  }
}
