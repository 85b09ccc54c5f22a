/// Checks each key by itself, in O(n log n), after Gibbons and Korach ("Testing Shared Memories", 1997).
///
/// Every value is written once, so a write and the reads that returned its value form a cluster, and in
/// any explanation the operations of a cluster stand together: nothing else is current in between. So
/// an explanation orders clusters, not operations. One cluster must precede another when an operation
/// of it returned before one of the other was invoked, or when program order says so. If these demands
/// form a cycle, there is no explanation.
///
/// Absence is written many times (at the start, by deletes and by expiry), so that nobody knows which of
/// these a read of absence belongs to. Each delete and each such read is therefore a cluster of its own
/// (it certainly stands inside no other), and in addition a read of absence needs a source: a delete,
/// an expiry or the start that is not certainly overwritten when it is invoked.
///
/// Never reports what can be explained. Exact for keys that are only read and set. It does not see: that
/// nothing comes between the two halves of a read-modify-write (beyond one value being replaced
/// twice); that values beside each other were written together; nor all that absence forbids. Keys
/// that a rename names are left out, as their values come from elsewhere. All these are for `JointCheck`.
struct RegisterCheck {
  let evidence: Evidence

  init(_ evidence: Evidence) { self.evidence = evidence }

  /// At most one violation a key.
  func violations() -> [Violation] {
    let renamed = Set(
      evidence.operations.flatMap(\.call.actions).flatMap { action in
        if case .rename = action { action.keys } else { [] as [String] }
      })
    var touching: [String: [Int]] = [:]
    for (index, operation) in evidence.operations.enumerated() {
      for key in operation.call.keys { touching[key, default: []].append(index) }
    }
    return touching.keys.sorted().filter { !renamed.contains($0) }.compactMap { key in
      var register = RegisterHistory(key: key, evidence: evidence)
      return register.violation(among: touching[key] ?? [])
    }
  }
}
