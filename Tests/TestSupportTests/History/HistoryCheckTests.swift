import Testing

@testable import TestSupport

/// Histories written by hand: each mistake that a cache can make is named, and each that looks like one
/// is not.
@Suite struct HistoryCheckTests {
  private func call(
    _ client: Int, _ invoked: Int, _ returned: Int?, _ call: Call, _ seen: [Observation] = []
  ) -> Operation {
    let nothing: [Observation] = Array(
      repeating: .nothing, count: call.actions.count - seen.count)
    return Operation(
      client: client, sequence: invoked, call: call, invoked: invoked, returned: returned ?? .max,
      outcome: returned == nil ? .unknown : .done(seen + nothing))
  }

  private func set(_ client: Int, _ invoked: Int, _ returned: Int?, _ value: String) -> Operation {
    call(client, invoked, returned, Call([.set("k", to: value)]))
  }

  private func get(_ client: Int, _ invoked: Int, _ returned: Int, _ value: String?) -> Operation {
    call(
      client, invoked, returned, Call([.get("k")]), [value.map { .value($0) } ?? .absent])
  }

  private func reasons(_ operations: [Operation], _ promise: Promise = .strict) -> String {
    let verdict = HistoryCheck(promise).judge(operations)
    #expect(verdict.unexaminedCount == 0)
    #expect(verdict.violations.isEmpty == (Oracle.explains(operations) || promise == .nearCache))
    return verdict.violations.flatMap(\.reasons).joined(separator: "\n")
  }

  @Test func `reads around a write may answer either value, in one order`() {
    let writes = [set(0, 1, 2, "old"), set(0, 10, 20, "new")]
    #expect(reasons(writes + [get(1, 11, 12, "old"), get(1, 13, 14, "new")]) == "")
    let newThenOld = writes + [get(1, 11, 12, "new"), get(2, 13, 14, "old")]
    #expect(reasons(newThenOld).contains("can be put in no order"))
  }

  @Test func `a stale read after a write was answered is reported with both writes`() {
    let operations = [
      set(0, 1, 2, "old"), set(0, 3, 4, "new"), get(1, 5, 6, "old"), get(1, 7, 8, "new"),
    ]
    let verdict = HistoryCheck(.strict).judge(operations)
    #expect(verdict.violations.count == 1)
    #expect(verdict.violations[0].operations.map(\.invoked) == [1, 3, 5])
    #expect(verdict.description.contains("[5, 6] client 1 #5"))
  }

  @Test func `values from nowhere and from the future are reported`() {
    #expect(reasons([get(0, 1, 2, "v")]).contains("nobody ever wrote"))
    #expect(reasons([get(0, 1, 2, "v"), set(1, 3, 4, "v")]).contains("before it was written"))
  }

  @Test func `absence needs a delete, and a deleted value does not come back`() {
    let delete = call(0, 3, 4, Call([.delete("k")]), [.present])
    #expect(reasons([set(0, 1, 2, "v"), delete, get(1, 5, 6, nil)]) == "")
    #expect(reasons([set(0, 1, 2, "v"), get(1, 5, 6, nil)]).contains("no delete in between"))
    #expect(reasons([set(0, 1, 2, "v"), delete, get(1, 5, 6, "v")]).contains("no order"))
    let late = call(0, 3, 8, Call([.delete("k")]), [.present])
    #expect(reasons([set(0, 1, 2, "v"), late, get(1, 5, 6, "v")]) == "")
    #expect(reasons([set(0, 1, 2, "v"), late, get(1, 4, 5, nil), get(1, 6, 7, "v")]) != "")
  }

  @Test func `what may expire may vanish, once`() {
    let expiring = call(0, 1, 2, Call([.set("k", to: "v", mayExpire: true)]))
    #expect(reasons([expiring, get(1, 3, 4, "v"), get(1, 5, 6, nil)]) == "")
    #expect(reasons([expiring, get(1, 3, 4, nil), get(1, 5, 6, "v")]) != "")
  }

  @Test func `a write of unknown outcome may take effect late or never, once`() {
    let unknown = set(0, 3, nil, "new")
    let old = set(0, 1, 2, "old")
    #expect(reasons([old, unknown, get(1, 5, 6, "old"), get(1, 7, 8, "new")]) == "")
    #expect(reasons([old, unknown, get(1, 5, 6, "new"), get(1, 7, 8, "old")]) != "")
  }

  @Test func `a lost update is reported`() {
    func getset(_ client: Int, _ invoked: Int, _ value: String) -> Operation {
      call(
        client, invoked, 20 + client, Call([.get("k"), .set("k", to: value)]), [.value("v")])
    }
    let start = set(0, 1, 2, "v")
    #expect(reasons([start, getset(1, 3, "a")]) == "")
    #expect(reasons([start, getset(1, 3, "a"), getset(2, 4, "b")]).contains("replaced twice"))
  }

  @Test func `two keys written at once are seen at once`() {
    let mset = call(0, 1, 10, Call([.set("a", to: "1"), .set("b", to: "2")]))
    let both = Call([.get("a"), .get("b")])
    #expect(reasons([mset, call(1, 2, 3, both, [.value("1"), .value("2")])]) == "")
    #expect(reasons([mset, call(1, 2, 3, both, [.value("1"), .absent])]) != "")
    let a = call(1, 2, 3, Call([.get("a")]), [.value("1")])
    let b = call(1, 4, 5, Call([.get("b")]), [.absent])
    #expect(reasons([mset, a, b]) != "")
  }

  @Test func `a renamed value is in one place`() {
    let start = set(0, 1, 2, "v")
    let rename = call(0, 3, 10, Call([.rename("k", to: "n")]), [.present])
    let there = call(1, 4, 5, Call([.get("n")]), [.value("v")])
    #expect(reasons([start, rename, there]) == "")
    let still = call(1, 6, 7, Call([.get("k")]), [.value("v")])
    let report = HistoryCheck(.strict).judge([start, rename, there, still])
    #expect(report.violations.first?.operations.map(\.invoked) == [1, 4, 6])
  }

  @Test func `a pipeline sees its own writes, and none that it has yet to send`() {
    let old = set(1, 1, 2, "old")
    let write = set(0, 11, 20, "new")
    #expect(reasons([old, write, get(0, 12, 21, "new")]) == "")
    #expect(reasons([old, write, get(0, 12, 21, "old")]).contains("asked in this order"))
    #expect(reasons([old, write, get(2, 12, 21, "old")]) == "")
    #expect(reasons([old, get(0, 10, 21, "new"), write]).contains("before it was sent"))
    let elsewhere = set(1, 9, 30, "new")
    #expect(reasons([old, elsewhere, get(0, 10, 20, "new"), get(0, 11, 21, "old")]) != "")
    #expect(reasons([old, elsewhere, get(0, 10, 20, "old"), get(0, 11, 21, "new")]) == "")
  }

  @Test func `a near cache may hide a script's write until it returns, and no longer`() {
    let script = call(
      0, 10, 20, Call([.set("k", to: "new")], isLoose: true, namesAll: true))
    let old = set(0, 1, 2, "old")
    let newThenOld = [old, script, get(1, 11, 12, "new"), get(1, 13, 14, "old")]
    #expect(reasons(newThenOld) != "")
    #expect(reasons(newThenOld, .nearCache) == "")
    let stale = HistoryCheck(.nearCache).judge([old, script, get(1, 21, 22, "old")])
    #expect(stale.violations.count == 1)
    let ancient = [set(0, 1, 2, "ancient"), set(0, 3, 4, "old"), script, get(1, 11, 12, "ancient")]
    #expect(HistoryCheck(.nearCache).judge(ancient).violations.count == 1)
  }

  @Test func `what a transaction has shown or a write replaced is not older again from memory`() {
    let written = [
      set(0, 1, 2, "old"),
      call(0, 10, 20, Call([.set("k", to: "new")], isLoose: true, namesAll: true)),
    ]
    func mayBeOlderAgain(after calls: (Call, [Observation])...) -> Bool {
      let seen = calls.enumerated().map { number, seen in
        call(1, 11 + 2 * number, 12 + 2 * number, seen.0, seen.1)
      }
      return HistoryCheck(.nearCache).judge(written + seen + [get(1, 17, 18, "old")]).isRight
    }
    let new = Observation.value("new")
    let both: [Action] = [.get("k"), .get("n")]
    #expect(mayBeOlderAgain(after: (Call(both), [new, .absent])))
    #expect(!mayBeOlderAgain(after: (Call(both, isTransaction: true), [new, .absent])))
    #expect(!mayBeOlderAgain(after: (Call([.get("k")], isTransaction: true), [new])))
    // One that names other keys says nothing of this one.
    let other = Call([.get("n")], isTransaction: true)
    #expect(mayBeOlderAgain(after: (Call([.get("k")]), [new]), (other, [.absent])))
    // What writes another key leaves one that it reads where it is, but for a transaction.
    let copy: [Action] = [.get("k"), .set("n", to: "copy")]
    #expect(mayBeOlderAgain(after: (Call(copy), [new])))
    #expect(!mayBeOlderAgain(after: (Call(copy, isTransaction: true), [new])))
    #expect(!mayBeOlderAgain(after: (Call([.get("k"), .set("k", to: "last")]), [new])))
  }

  @Test func `a search that grows too large says so`() {
    let writes = (0..<12).map { client in
      call(client, client + 1, 100 + client, Call([.set("k", to: "\(client)")]))
    }
    let present = call(20, 50, 60, Call([.delete("k")]), [.absent])
    let verdict = HistoryCheck(.strict, configurationsMax: 0).judge(
      writes + [present, call(21, 61, 62, Call([.delete("k")]), [.present])])
    #expect(verdict.unexaminedCount > 0 && !verdict.isRight)
  }

  @Test func `settling ends what is unknown`() {
    let history = History(seed: 7)
    let client = history.client()
    let write = client.invoke(Call([.set("k", to: "v")]))
    client.finish(write, .unknown)
    #expect(history.operations[0].returned == .max)
    history.settle()
    let other = history.client()
    for seen in [Observation.absent, .value("v")] {
      other.finish(other.invoke(Call([.get("k")])), .done([seen]))
    }
    let verdict = HistoryCheck(.strict).judge(history)
    #expect(verdict.violations.count == 1)
    #expect(verdict.description.contains("SEED=7"))
  }
}
