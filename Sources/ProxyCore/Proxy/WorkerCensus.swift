/// How many of each kind are under way on a worker.
package struct WorkerCensus: Equatable, Sendable {
  package var reads = 0
  package var calls = 0
  package var waits = 0
  package var flights = 0
  package var fences = 0
  package var holds = 0
  package var pinned = 0

  package init() {}
}
