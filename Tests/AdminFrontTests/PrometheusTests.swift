import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import AdminFront

/// Prometheus's own library for Python reads what is told.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct PrometheusTests {
  /// Where `make deps` puts the package, or wherever the system has it.
  private static let python = [SourceTree.path(".build/python/bin/python"), "python3"].first {
    (try? ChildProcess([$0, "-c", "import prometheus_client"]).wait()) == 0
  }

  @Test(.enabled(if: python != nil, "prometheus_client is not installed: make deps"))
  func `every family is read, with its type and what it is`() throws {
    let stack = try AdminStack()
    let client = try stack.connectRESP()
    for _ in 0..<50 { #expect(try client.query("GET", "k") == .bulk(nil)) }
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let file = directory + "/output"
    let process = try ChildProcess(
      [
        try #require(Self.python), SourceTree.path("Tests/Suites/metrics.py"),
        "http://127.0.0.1:\(stack.admin.address.port)/metrics",
      ], output: file)
    let status = process.wait()
    #expect(status == 0, "\(text(of: file))")
    #expect(text(of: file).contains("all as it should be"))
  }

  private func text(of path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    return String(decoding: bytes[..<(unsafe fread(&bytes, 1, bytes.count, file))], as: UTF8.self)
  }
}
