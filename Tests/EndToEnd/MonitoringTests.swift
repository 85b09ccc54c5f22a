import Foundation
import TestSupport
import Testing

@testable import Daemon

/// The dashboard and the alerts that come with proxyd ask for what `/metrics` gives.
@Suite(
  .enabled(if: RedisServer.isInstalled, "redis-server is not installed"),
  .enabled(if: Setting.named("ADMIN_PORT") != nil, "there are no metrics"))
struct MonitoringTests {
  /// What Prometheus is asked for.
  private func expressions() throws -> [String] {
    let dashboard = try JSONSerialization.jsonObject(
      with: Data(SourceTree.text(of: "config/proxyd-dashboard.json").utf8))
    var expressions: [String] = []
    func collect(_ value: Any) {
      if let object = value as? [String: Any] {
        if let expression = object["expr"] as? String { expressions.append(expression) }
        if let query = object["query"] as? String { expressions.append(query) }
        for value in object.values { collect(value) }
      } else if let list = value as? [Any] {
        for value in list { collect(value) }
      }
    }
    collect(dashboard)
    let rules = try SourceTree.text(of: "config/proxyd-alerts.yml")
    // An expression ends where a key of the same depth begins.
    for part in rules.components(separatedBy: "expr:").dropFirst() {
      let lines = part.split(separator: "\n", omittingEmptySubsequences: false)
      let end = lines.dropFirst().firstIndex {
        $0.hasPrefix("        ") && !$0.hasPrefix("         ")
      }
      expressions.append(lines[..<(end ?? lines.endIndex)].joined(separator: " "))
    }
    return expressions
  }

  @Test func `every metric and every label that they name is there`() throws {
    let port = try Loopback.freePort()
    let proxyd = try Proxyd(["--admin-port", "\(port)"])
    try poll("Redis is there") { proxyd.figure("proxy_redis_connected") == 1 }
    let response = try HTTPConnection(port: port).get("/metrics")
    #expect(response.status == 200)
    let samples = response.body.split(separator: "\n").filter { !$0.hasPrefix("#") }
    let name = try Regex(#"(?:proxyd|process)_[a-z0-9_]+"#)
    let selector = try Regex(#"((?:proxyd|process)_[a-z0-9_]+)\{([^}]*)\}"#)
    let label = try Regex(#"([a-z_]+)="([^"]*)""#)
    let grouping = try Regex(#"by \(([a-z, ]+)\)"#)
    let expressions = try expressions()
    #expect(expressions.count > 40)
    for expression in expressions {
      for match in expression.matches(of: name) {
        let metric = expression[match.range]
        #expect(
          samples.contains { $0.hasPrefix("\(metric) ") || $0.hasPrefix("\(metric){") },
          "\(metric) in \(expression)")
      }
      for match in expression.matches(of: selector) {
        guard let metric = match.output[1].substring, let labels = match.output[2].substring else {
          continue
        }
        for match in labels.matches(of: label) {
          let text = String(labels[match.range])
          // Prometheus itself adds these.
          if text.hasPrefix("job=") || text.hasPrefix("instance=") { continue }
          #expect(
            samples.contains { $0.hasPrefix("\(metric){") && $0.contains(text) },
            "\(text) in \(expression)")
        }
      }
      for match in expression.matches(of: grouping) {
        let names = match.output[1].substring?.split { $0 == "," || $0 == " " } ?? []
        for name in names where name != "instance" {
          #expect(samples.contains { $0.contains("\(name)=\"") }, "\(name) in \(expression)")
        }
      }
    }
  }
}
