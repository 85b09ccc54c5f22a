/// Operations that stand together in every explanation: a write and the reads of its value.
struct Cluster {
  /// For people: the value.
  let label: String
  /// The number of the operation that wrote it.
  let writer: Int?
  /// When the first of its operations had returned: by then the cluster had begun.
  private(set) var firstReturn = (time: -1, operation: -1)
  /// When the last of its operations was invoked: only after this can it end.
  private(set) var lastInvocation = (time: -1, operation: -1)
  private(set) var isEmpty = true

  init(label: String, writer: Int? = nil) {
    self.label = label
    self.writer = writer
  }

  mutating func add(_ number: Int, _ operation: Operation) {
    if isEmpty || operation.returned < firstReturn.time {
      firstReturn = (operation.returned, number)
    }
    if isEmpty || operation.invoked > lastInvocation.time {
      lastInvocation = (operation.invoked, number)
    }
    isEmpty = false
  }
}

/// Looks for an order of clusters that satisfies all demands, or for demands that go in a circle.
struct ClusterOrder {
  /// One cluster stands before another, because of an operation of each.
  struct Demand {
    let before: Int
    let beforeOperation: Int
    let after: Int
    let afterOperation: Int

    init(before: Int, _ beforeOperation: Int, after: Int, _ afterOperation: Int) {
      self.before = before
      self.beforeOperation = beforeOperation
      self.after = after
      self.afterOperation = afterOperation
    }
  }

  private let clusters: [Cluster]
  private var earlier: [[Demand]]
  private var later: [[Int]]
  private var openDemandCounts: [Int]
  private var isPlaced: [Bool]
  /// All clusters by their first return; those before `firstUnplaced` are placed.
  private let byReturn: [Int]
  private var firstUnplaced = 0

  /// Time's demands follow from the clusters; the others are given.
  init(_ clusters: [Cluster], _ demands: [Demand]) {
    self.clusters = clusters
    let none: [[Int]] = Array(repeating: [], count: clusters.count)
    earlier = Array(repeating: [], count: clusters.count)
    later = none
    openDemandCounts = Array(repeating: 0, count: clusters.count)
    isPlaced = clusters.enumerated().map { $0.offset > 0 && $0.element.isEmpty }
    byReturn = clusters.indices.sorted {
      clusters[$0].firstReturn.time < clusters[$1].firstReturn.time
    }
    for demand in demands {
      earlier[demand.after].append(demand)
      later[demand.before].append(demand.after)
      openDemandCounts[demand.after] += 1
    }
  }

  /// Demands that go in a circle, or nil where there is an order.
  ///
  /// A topological sort, whose demands of time are too many to be written down. But a cluster waits for
  /// another only if that one's first return is before its own last invocation, and the one with the
  /// earliest first return (or the next, if it is that one itself) stands for them all.
  mutating func cycle() -> [Demand]? {
    let byInvocation = clusters.indices.sorted {
      clusters[$0].lastInvocation.time < clusters[$1].lastInvocation.time
    }
    var next = 0
    var ready: [Int] = []
    while true {
      let (first, second) = earliest()
      guard let first else { return nil }
      let limit = clusters[first].firstReturn.time
      while next < byInvocation.count,
        clusters[byInvocation[next]].lastInvocation.time < limit
      {
        ready.append(byInvocation[next])
        next += 1
      }
      if second.map({ clusters[first].lastInvocation.time < clusters[$0].firstReturn.time }) ?? true
      {
        ready.append(first)
      }
      var placedCount = 0
      while let cluster = ready.popLast() {
        if isPlaced[cluster] || openDemandCounts[cluster] > 0 { continue }
        isPlaced[cluster] = true
        placedCount += 1
        for other in later[cluster] {
          openDemandCounts[other] -= 1
          if openDemandCounts[other] == 0, clusters[other].lastInvocation.time < limit {
            ready.append(other)
          }
        }
      }
      if placedCount == 0 { return shortest(circle()) }
    }
  }

  /// The two unplaced clusters whose first returns are the earliest.
  private mutating func earliest() -> (Int?, Int?) {
    while firstUnplaced < byReturn.count, isPlaced[byReturn[firstUnplaced]] { firstUnplaced += 1 }
    guard firstUnplaced < byReturn.count else { return (nil, nil) }
    let second = byReturn[(firstUnplaced + 1)...].first { !isPlaced[$0] }
    return (byReturn[firstUnplaced], second)
  }

  private func demandOfTime(_ before: Int, _ after: Int) -> Demand? {
    let first = clusters[before].firstReturn
    let last = clusters[after].lastInvocation
    guard before != after, first.time < last.time else { return nil }
    return Demand(before: before, first.operation, after: after, last.operation)
  }

  /// Every unplaced cluster waits for another unplaced one: following these ends in a circle.
  private mutating func circle() -> [Int] {
    let (first, second) = earliest()
    var path: [Int] = []
    var places: [Int: Int] = [:]
    var cluster = first ?? 0
    while places[cluster] == nil {
      places[cluster] = path.count
      path.append(cluster)
      let byTime = [first, second].compactMap(\.self).first { demandOfTime($0, cluster) != nil }
      guard let next = byTime ?? earlier[cluster].first(where: { !isPlaced[$0.before] })?.before
      else { preconditionFailure("a cluster that waits for nobody was not placed") }
      cluster = next
    }
    return Array(path[(places[cluster] ?? 0)...])
  }

  /// The shortest circle through any of these clusters, for the report.
  private func shortest(_ circle: [Int]) -> [Demand] {
    var best: [Demand] = []
    let members = Set(circle)
    for start in circle {
      var reached: [Int: Demand] = [:]
      var border = [start]
      while !border.isEmpty, reached[start] == nil {
        border = border.flatMap { after in
          members.compactMap { before -> Int? in
            guard reached[before] == nil, let demand = demand(before, after) else { return nil }
            reached[before] = demand
            return before
          }
        }
      }
      var path: [Demand] = []
      var cluster = start
      repeat {
        guard let demand = reached[cluster] else { break }
        path.append(demand)
        cluster = demand.after
      } while cluster != start
      if !path.isEmpty, best.isEmpty || path.count < best.count { best = path }
    }
    return best
  }

  private func demand(_ before: Int, _ after: Int) -> Demand? {
    demandOfTime(before, after) ?? earlier[after].first { $0.before == before }
  }
}

/// Reads of absence, and what they may have seen.
struct AbsenceSources {
  private struct Source {
    let operation: Int
    let from: Int
    let through: Int
  }

  private struct Need {
    let operation: Int
    let cluster: Int
    let invoked: Int
    let returned: Int
  }

  /// The start is the first of them.
  private var sources = [Source(operation: -1, from: -1, through: -1)]
  private var needs: [Need] = []
  /// Clusters that stand before a need by program order.
  private var followed: [Int: [(cluster: Int, operation: Int)]] = [:]

  /// An operation that made the key absent between these times, perhaps.
  mutating func add(_ operation: Int, _ from: Int, _ through: Int) {
    sources.append(Source(operation: operation, from: from, through: through))
  }

  /// An operation that found the key absent.
  mutating func need(_ number: Int, cluster: Int, _ operation: Operation) {
    needs.append(
      Need(
        operation: number, cluster: cluster, invoked: operation.invoked,
        returned: operation.returned))
  }

  /// Says that a cluster stands after another, because of an operation of that one.
  mutating func follow(_ cluster: Int, cluster other: Int, _ operation: Int) {
    followed[cluster, default: []].append((other, operation))
  }

  /// A read of absence that nothing explains: every source it may have had is over before the end of some
  /// value that itself is over before the read.
  func violation(_ clusters: [Cluster]) -> (reason: String, operations: [Int])? {
    // The value that ends last among those that had begun before a time.
    let values = clusters.indices.filter { clusters[$0].writer != nil && !clusters[$0].isEmpty }
      .sorted { clusters[$0].firstReturn.time < clusters[$1].firstReturn.time }
    let latestValues = Self.maxima(values) { clusters[$0].lastInvocation.time }
    let sources = sources.sorted { $0.from < $1.from }
    let latestSources = Self.maxima(Array(sources.indices)) { sources[$0].through }
    for need in needs {
      let begun = Self.count(values) { clusters[$0].firstReturn.time < need.invoked }
      let earlier =
        (begun > 0 ? [latestValues[begun - 1]] : []) + (followed[need.cluster] ?? []).map(\.cluster)
      let last = earlier.filter { clusters[$0].writer != nil }
        .max { clusters[$0].lastInvocation.time < clusters[$1].lastInvocation.time }
      guard let last else { continue }
      let possible = Self.count(sources) { $0.from < need.returned }
      let source = sources[latestSources[possible - 1]]
      if source.through > clusters[last].lastInvocation.time { continue }
      let cluster = clusters[last]
      let numbers =
        [cluster.writer ?? -1, cluster.firstReturn.operation, cluster.lastInvocation.operation]
        + [source.operation] + (followed[need.cluster] ?? []).map(\.operation)
      return (
        "absent after \(cluster.label), with no delete in between", numbers + [need.operation]
      )
    }
    return nil
  }

  /// For each place the element so far whose `measure` is the greatest.
  private static func maxima(_ elements: [Int], _ measure: (Int) -> Int) -> [Int] {
    var result: [Int] = []
    for element in elements {
      let best = result.last ?? element
      result.append(measure(element) > measure(best) ? element : best)
    }
    return result
  }

  /// How many elements at the start satisfy `isBefore`, by halving.
  private static func count<Element>(_ elements: [Element], _ isBefore: (Element) -> Bool) -> Int {
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low + high) / 2
      if isBefore(elements[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
