import Foundation
import TestSupport

/// What a proxyd that is at rest tells of itself in three places, held against itself.
struct SoakLedger {
  private let statistics: Statistics
  private let metrics: [String: Double]
  private let links: Int

  init(of site: FaultSite) throws {
    var last: (Statistics, [String: Double], Int)?
    // The listener's own visitors and links that come back move a figure or two.
    try poll("figures stand still") {
      let before = try Statistics(of: site.proxyd)
      let body = try HTTPConnection(port: site.proxyd.adminPort).get("/metrics").body
      let links = try site.links().count
      let after = try Statistics(of: site.proxyd)
      last = (after, Self.samples(of: body), links)
      return NSDictionary(dictionary: before.object("info"))
        .isEqual(to: after.object("info"))
    }
    guard let last else { throw ToolError("no figures") }
    (statistics, metrics, links) = last
  }

  /// What each sample is, labels included in its name.
  private static func samples(of text: String) -> [String: Double] {
    var samples: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      samples[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return samples
  }

  /// Whatever does not fit.
  var disagreements: [String] {
    var found = statistics.disquiet
    func expect(_ what: String, _ isSo: Bool) { if !isSo { found.append(what) } }
    let hits = statistics.number("proxy_cache_hits")
    let misses = statistics.number("proxy_cache_misses")
    let fetched = count("miss") + count("joined")
    let failed = count("error") + count("refused")
    expect("\(count("hit")) requests were hits, and the cache counts \(hits)", count("hit") == hits)
    expect(
      "\(fetched) requests were fetched, \(failed) failed, and the cache counts \(misses) misses",
      (fetched...fetched + failed).contains(misses))
    let flights = statistics.number("proxy_flights") + statistics.number("proxy_flights_joined")
    expect(
      "\(flights) flights and those who joined, for \(misses) misses",
      flights <= misses + failed)
    expect(
      "more is kept than may be",
      statistics.number("proxy_cache_entries") <= limit("cache_entries")
        && statistics.number("proxy_cache_bytes") <= limit("cache_bytes"))
    expect("\(links) links at Redis, and \(linksTold) here", links == linksTold)
    for (name, histogram) in histograms {
      let buckets = histogram["buckets"] as? [Int] ?? []
      expect("buckets of \(name)", buckets.reduce(0, +) == histogram["count"] as? Int)
    }
    for (name, value) in statistics.object("info") {
      guard let number = value as? Int else { continue }
      let metric = "proxyd_" + name.dropFirst("proxy_".count)
      let told = metrics["\(metric)_total"] ?? metrics[metric]
      if let told { expect("\(metric) is \(told) and \(number)", told == Double(number)) }
    }
    return found
  }

  private var histograms: [(String, [String: Any])] {
    let requests = statistics.object("requests").values.compactMap { $0 as? [String: Any] }
    return (requests + [statistics.object("redis")]).flatMap { kinds in
      kinds.compactMap { name, value in (value as? [String: Any]).map { (name, $0) } }
    }
  }

  /// How many requests ended so, over both fronts.
  private func count(_ outcome: String) -> Int {
    statistics.object("requests").values.reduce(0) { sum, front in
      let histogram = (front as? [String: Any])?[outcome] as? [String: Any]
      return sum + (histogram?["count"] as? Int ?? 0)
    }
  }

  private func limit(_ name: String) -> Int { statistics.object("limits")[name] as? Int ?? 0 }

  /// Links that have a connection.
  private var linksTold: Int {
    statistics.object("links").values.reduce(0) { sum, states in
      let states = states as? [String: Int] ?? [:]
      return sum + (states["ready"] ?? 0) + (states["idle"] ?? 0)
    }
  }
}
