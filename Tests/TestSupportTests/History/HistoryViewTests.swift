import Testing

@testable import TestSupport

/// Histories of two caches before one server, written by hand.
@Suite struct HistoryViewTests {
  private let history = History(seed: 1)
  private let near: HistoryClient
  private let other: HistoryClient
  private let far: HistoryClient
  private let direct: HistoryClient

  init() {
    near = history.client(at: 0)
    other = history.client(at: 0)
    far = history.client(at: 1)
    direct = history.client()
  }

  private func set(_ client: HistoryClient, _ value: String) {
    client.finish(client.invoke(Call([.set("k", to: value)])), .done([.nothing]))
  }

  private func get(_ client: HistoryClient, _ value: String) {
    client.finish(client.invoke(Call([.get("k")])), .done([.value(value)]))
  }

  /// What is wrong as the first cache sees it, once everything has reached it.
  private var faults: Int {
    history.fence(at: 0) {}
    let verdict = HistoryCheck(.nearCache).judge(history.view(from: 0))
    #expect(verdict.unexaminedCount == 0)
    return verdict.violations.count + history.readsOfReplaced(at: 0).count
  }

  @Test func `what was written elsewhere may be seen late, and new then old`() {
    set(far, "old")
    history.fence(at: 0) {}
    set(far, "new")
    get(near, "new")
    get(other, "old")
    get(near, "old")
    #expect(faults == 0)
  }

  @Test func `but not later than a fence, of this cache`() {
    set(direct, "old")
    history.fence(at: 0) {}
    set(direct, "new")
    history.fence(at: 1) {}
    get(near, "old")
    #expect(faults == 0)
    get(near, "old")
    #expect(faults == 1)
  }

  @Test func `a fence that was begun before says nothing`() {
    set(far, "old")
    history.fence(at: 0) {}
    history.fence(at: 0) { set(far, "new") }
    get(near, "old")
    #expect(faults == 0)
  }

  @Test func `what was written through the cache itself is seen at once`() {
    set(near, "old")
    set(near, "new")
    get(other, "old")
    #expect(faults > 0)
  }

  @Test func `what was replaced through the cache itself never comes back, whatever comes late`() {
    set(far, "old")
    set(near, "new")
    get(other, "old")
    #expect(faults == 1)
    // As an order of late writes it could be explained.
    #expect(HistoryCheck(.nearCache).judge(history.view(from: 0)).violations.isEmpty)
  }

  @Test func `what another cache's clients have read is theirs to explain`() {
    set(near, "old")
    history.fence(at: 1) {}
    set(near, "new")
    get(far, "old")
    #expect(faults == 0)
    history.fence(at: 1) {}
    #expect(HistoryCheck(.nearCache).judge(history.view(from: 1)).violations.isEmpty)
    get(far, "old")
    #expect(HistoryCheck(.nearCache).judge(history.view(from: 1)).violations.count == 1)
  }

  @Test func `a value that nobody wrote is wrong in any case`() {
    get(near, "invented")
    #expect(faults == 1)
  }
}
