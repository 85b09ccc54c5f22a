import Glibc
import Synchronization
import Testing

@testable import ProxyCore

@Suite struct LoopListenerTests {
  @Test func `accepted connections have the listener's options`() throws {
    let fixture = try LoopFixture { _ in ScriptedHandler() }
    let peer = try fixture.connect()
    let connection = fixture.connections[0]
    let tcp = Int32(IPPROTO_TCP)
    #expect(try connection.descriptor.option(tcp, TCP_NODELAY) == 1)
    #expect(try connection.descriptor.option(SOL_SOCKET, SO_KEEPALIVE) == 1)
    #expect(try connection.descriptor.option(tcp, TCP_KEEPIDLE) == Limits.keepaliveSeconds)
    // Long enough for one who lives and reads nothing for a while.
    #expect(
      try connection.descriptor.option(tcp, TCP_USER_TIMEOUT)
        == Limits.clientUserTimeoutMilliseconds)
    _ = peer
  }

  @Test func `the wildcard of IPv6 takes IPv4 as well and prints it as such`() throws {
    let wildcard = try #require(SocketAddress(numeric: "::", port: 0))
    let fixture = try LoopFixture(on: wildcard) { _ in ScriptedHandler() }
    let peer = try TestPeer(to: .loopback(port: fixture.address.port))
    fixture.turn { fixture.connections.count == 1 }
    #expect(fixture.connections[0].peer == (try peer.descriptor.localAddress()))
    #expect(fixture.connections[0].peer?.numericHost == "127.0.0.1")
  }

  @Test func `a turn accepts a bounded number of connections`() throws {
    let fixture = try LoopFixture { _ in ScriptedHandler() }
    let peers = try (0..<Limits.acceptsPerTurnMax + 1).map { _ in
      try TestPeer(to: fixture.address)
    }
    fixture.loop.turn()
    #expect(fixture.connections.count <= Limits.acceptsPerTurnMax)
    fixture.turn { fixture.connections.count == peers.count }
  }

  @Test func `a handler that is refused closes the connection`() throws {
    let fixture = try LoopFixture { _ in nil }
    let peer = try TestPeer(to: fixture.address)
    fixture.turn { fixture.loop.counters.accepted.load(ordering: .relaxed) == 1 }
    #expect(try peer.receiveSome(max: 1) == [])
  }

  @Test func `who is refused at the door may be told why, or not`() throws {
    var mayExplain = true
    let fixture = try LoopFixture { connection in
      defer { mayExplain = false }
      if !mayExplain {
        connection.close()
        return nil
      }
      connection.output.bytes.append("-ERR max number of clients reached\r\n")
      connection.closeAfterFlushing()
      return ScriptedHandler()
    }
    let first = try fixture.connect()
    try first.descriptor.shutdown(.writing)
    let second = try TestPeer(to: fixture.address)
    fixture.turn { fixture.loop.counters.accepted.load(ordering: .relaxed) == 2 }
    fixture.loop.turn(mayWait: false)
    #expect(try first.receiveText(100) == "-ERR max number of clients reached\r\n")
    #expect(try second.receiveSome(max: 1) == [])
  }

  @Test func `the limits fit each other`() {
    Limits.checkLoopRelations()
  }

  @Test func `a process without descriptors rests, does not spin, and goes on`() async {
    // In a process of its own: the limit is the whole process's.
    await #expect(processExitsWith: .success) {
      let fixture = try LoopFixture { _ in ScriptedHandler() }
      let listener = try #require(fixture.listener)
      let (soft, hard) = try FileDescriptorLimit.current()
      var peers: [TestPeer] = []
      // The process's other threads may close a descriptor just then, and the connection gets its number:
      // then again, with the next.
      for _ in 0..<100 where !listener.isPaused {
        try FileDescriptorLimit.set(soft: soft, hard: hard)
        peers.append(try TestPeer(to: fixture.address))
        // The lowest free number is the one that the next descriptor would get.
        let free = try fixture.loop.remote.waker.counter.duplicate().relinquish()
        close(free)
        try FileDescriptorLimit.set(soft: Int(free), hard: hard)
        fixture.turn { listener.isPaused || fixture.connections.count == peers.count }
      }
      try #require(listener.isPaused)
      let failures = fixture.loop.counters.acceptFailures.load(ordering: .relaxed)
      #expect(failures == 1)
      var turns = 0
      fixture.turn {
        turns += 1
        return fixture.loop.counters.acceptFailures.load(ordering: .relaxed) >= failures + 2
          || fixture.connections.count == peers.count
      }
      #expect(turns < 20)
      try FileDescriptorLimit.set(soft: soft, hard: hard)
      fixture.turn { fixture.connections.count == peers.count }
    }
  }

  @Test func `a connection that was reset in the queue does not trouble the listener`() throws {
    let fixture = try LoopFixture { _ in ScriptedHandler() }
    do {
      let gone = try TestPeer(to: fixture.address)
      try gone.reset()
    }
    let peer = try TestPeer(to: fixture.address)
    try peer.send("x")
    try fixture.turn { try peer.available() == 1 }
  }

  @Test func `connections are dealt evenly to the loops`() throws {
    let threads = try (0..<3).map { _ in try LoopThread(name: "dealt") }
    let intakes = threads.compactMap { thread in
      thread.perform { $0.makeIntake { _ in ScriptedHandler() } }
    }
    #expect(intakes.count == 3)
    let address = threads[0].perform { loop in
      (try? loop.listen(on: .loopback(), dealingTo: intakes))?.address
    }
    let known = try #require(address.flatMap { $0 })
    var peers = try (0..<30).map { _ in try TestPeer(to: known) }
    for peer in peers {
      try peer.send("hi")
      #expect(try peer.receiveText(2) == "hi")
    }
    #expect(intakes.map(\.connectionCount) == [10, 10, 10])
    for thread in threads {
      #expect(thread.perform { $0.counters.connections.load(ordering: .relaxed) } == 10)
    }
    // Those who go leave room that is filled first.
    peers.removeFirst(15)
    while intakes.reduce(0, { $0 + $1.connectionCount }) > 15 { sched_yield() }
    peers += try (0..<15).map { _ in try TestPeer(to: known) }
    for peer in peers {
      try peer.send("hi")
      #expect(try peer.receiveText(2) == "hi")
    }
    #expect(intakes.map(\.connectionCount) == [10, 10, 10])
    for thread in threads { thread.stop() }
    for thread in threads { thread.join() }
    for peer in peers { #expect(try peer.receiveSome(max: 1) == []) }
    #expect(intakes.map(\.connectionCount) == [0, 0, 0])
  }

  @Test func `a descriptor on its way to a loop that ends is closed`() throws {
    let loop = try EventLoop()
    let other = try EventLoop()
    let intake = other.makeIntake { _ in ScriptedHandler() }
    let listener = try loop.listen(on: .loopback(), dealingTo: [intake])
    let peer = try TestPeer(to: try #require(listener.address))
    while loop.counters.accepted.load(ordering: .relaxed) == 0 { loop.turn() }
    other.shutDown()
    #expect(try peer.receiveSome(max: 1) == [])
    let refused = try TestPeer(to: try #require(listener.address))
    while loop.counters.acceptFailures.load(ordering: .relaxed) == 0 { loop.turn() }
    #expect(try refused.receiveSome(max: 1) == [])
    loop.shutDown()
  }
}
