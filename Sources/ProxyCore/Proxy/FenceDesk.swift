/// After a write whose keys are not all known: its reply is withheld until everything that Redis has
/// pushed because of it was applied on every worker. Those who ask in one turn share one fence.
struct FenceDesk {
  /// Calls whose fence has not begun.
  var waiting: [UInt64] = []
  /// Fences that have begun.
  var underWay = 0

  var count: Int { waiting.count + underWay }
}
