import TestSupport
import Testing

@testable import ProxyCore

/// The rules by which nothing stale is ever stored, each with the history that would break without it.
@Suite struct CoherenceTests {
  static let now = ByteCacheTests.start

  struct Subject {
    let cache = ByteCacheTests.small()
    let key: [UInt8] = Array("k".utf8)

    var hash: UInt64 { unsafe cache.hash(key.span.bytes) }

    func begin(database: UInt32 = 0) -> ByteCache.Flight? {
      cache.beginFlight(hash: hash, database: database)
    }

    func finish(_ flight: ByteCache.Flight, _ value: [UInt8]?) -> Bool {
      guard let value else {
        return unsafe cache.finishFlight(
          flight, storing: nil, for: key.span.bytes, .init(), now: now)
      }
      return unsafe cache.finishFlight(
        flight, storing: value.span.bytes, for: key.span.bytes, .init(), now: now)
    }

    func beginIntent() { unsafe cache.beginIntent(key.span.bytes, hash: hash) }
    func endIntent() { cache.endIntent(hash: hash) }
    func invalidate() { unsafe cache.invalidate(key.span.bytes, hash: hash) }
    func value(database: UInt32 = 0) -> [UInt8]?? {
      cache.value(for: key, database: database, now: now)
    }
  }

  @Test func `an undisturbed flight stores what it brought`() throws {
    let subject = Subject()
    let flight = try #require(subject.begin())
    #expect(subject.cache.isCurrent(flight))
    #expect(subject.finish(flight, [1]))
    #expect(subject.value() == .some([1]))
    #expect(!subject.finish(flight, [2]), "a flight ends once")
    #expect(subject.value() == .some([1]))
  }

  @Test func `a write ends the entry and the flight, and refuses flights until it has ended`()
    throws
  {
    let subject = Subject()
    let stored = try #require(subject.begin())
    #expect(subject.finish(stored, [1]))
    let flight = try #require(subject.begin())
    subject.beginIntent()
    #expect(subject.value() == nil)
    #expect(!subject.cache.isCurrent(flight))
    #expect(subject.begin() == nil)
    #expect(!subject.finish(flight, [1]), "it may have been read before the write took effect")
    subject.endIntent()
    #expect(!subject.finish(flight, [1]), "nor is it good after the write")
    let fresh = try #require(subject.begin())
    #expect(subject.finish(fresh, [2]))
    #expect(subject.value() == .some([2]))
  }

  @Test func `writes to one key are counted, not merely noted`() {
    let subject = Subject()
    subject.beginIntent()
    subject.beginIntent()
    subject.endIntent()
    #expect(subject.begin() == nil)
    subject.endIntent()
    #expect(subject.begin() != nil)
  }

  @Test func `only the current of a key's flights is stored`() throws {
    let subject = Subject()
    let first = try #require(subject.begin())
    subject.invalidate()
    let second = try #require(subject.begin())
    #expect(!subject.cache.isCurrent(first))
    #expect(!subject.finish(first, [1]))
    #expect(subject.cache.isCurrent(second), "the end of the first does not touch the second")
    #expect(subject.finish(second, [2]))
    #expect(!subject.finish(first, [1]), "nor may the first overwrite what the second stored")
    #expect(subject.value() == .some([2]))
  }

  @Test func `a push ends the entry and the flights of every database`() throws {
    let subject = Subject()
    let zero = try #require(subject.begin())
    let seven = try #require(subject.begin(database: 7))
    #expect(subject.cache.isCurrent(zero) && subject.cache.isCurrent(seven))
    #expect(subject.finish(seven, [7]))
    #expect(subject.value(database: 7) == .some([7]))
    #expect(subject.value() == nil)
    subject.invalidate()
    #expect(subject.value(database: 7) == nil)
    #expect(!subject.finish(zero, [0]))
  }

  @Test func `an emptying ends every flight, and a write under way outlives it`() throws {
    let subject = Subject()
    let flight = try #require(subject.begin())
    subject.cache.removeAll()
    #expect(!subject.finish(flight, [1]))
    subject.beginIntent()
    subject.cache.removeAll()
    #expect(subject.begin() == nil)
    subject.endIntent()
    #expect(subject.begin() != nil)
  }

  @Test func `an absent key is kept like a value, and an abandoned flight keeps nothing`() throws {
    let subject = Subject()
    let flight = try #require(subject.begin())
    #expect(subject.finish(flight, nil))
    #expect(subject.value() == .some(nil))
    subject.invalidate()
    let abandoned = try #require(subject.begin())
    subject.cache.abandonFlight(abandoned)
    #expect(!subject.cache.isCurrent(abandoned))
    #expect(!subject.finish(abandoned, [1]))
    #expect(subject.cache.underWay == (0, 0))
  }

  /// A register that several play on at once: writes take effect at some point between their beginning and
  /// their end, flights read it at some point between theirs. What the cache then answers must be what the
  /// register holds, unless a write or a push is still under way.
  @Test func `whatever the order, a hit is the register's value once nothing is under way`() {
    var random = SeededGenerator.forTest()
    for _ in 0..<300 {
      let subject = Subject()
      var register: UInt8 = 0
      var pushes = 0
      var writes: [(done: Bool, value: UInt8)] = []
      var flights: [(flight: ByteCache.Flight, read: UInt8?)] = []
      for step in 0..<200 {
        switch Int.random(in: 0..<7, using: &random) {
        case 0 where writes.count < 3:
          subject.beginIntent()
          writes.append((false, UInt8(truncatingIfNeeded: step)))
        case 1:
          if let place = writes.indices.randomElement(using: &random), !writes[place].done {
            register = writes[place].value
            writes[place].done = true
          }
        case 2:
          if let place = writes.indices.randomElement(using: &random), writes[place].done {
            writes.remove(at: place)
            subject.endIntent()
          }
        case 3:
          if let flight = subject.begin() { flights.append((flight, nil)) }
        case 4:
          if let place = flights.indices.randomElement(using: &random) {
            flights[place].read = flights[place].read ?? register
          }
        case 5:
          if let place = flights.indices.randomElement(using: &random),
            let read = flights[place].read
          {
            _ = subject.finish(flights.remove(at: place).flight, [read])
          }
        default:
          // Somebody else writes; the push follows, later.
          if pushes == 0 && Bool.random(using: &random) {
            register = UInt8(truncatingIfNeeded: step)
            pushes = 1
          } else if pushes == 1 {
            subject.invalidate()
            pushes = 0
          }
        }
        if let known = subject.value(), pushes == 0 {
          #expect(writes.isEmpty, "there is no hit while a write is under way")
          #expect(known == [register])
        }
      }
    }
  }
}
