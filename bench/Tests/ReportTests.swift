import Foundation
import FoundationXML
import TestSupport
import Testing

@testable import bench

/// What is committed is what the renderer makes of the committed samples, and of nothing else.
@Suite struct CommittedReportTests {
  private static func text(of file: String) throws -> String {
    try TextFile.read(SourceTree.path(file))
  }

  private static func report() throws -> Report {
    try .decode(text(of: "docs/benchmarks/results.json"))
  }

  @Test func `the README's table is made of the results`() throws {
    let readme = try Self.text(of: "README.md")
    #expect(try Markdown(report: Self.report()).inserted(into: readme) == readme)
  }

  @Test func `the page and the plots are made of the results, and there are no others`() throws {
    let files = try Pages(report: Self.report()).files
    for file in files { #expect(try Self.text(of: "docs/benchmarks/\(file.name)") == file.text) }
    let folder = try FileManager.default.contentsOfDirectory(
      atPath: SourceTree.path("docs/benchmarks"))
    #expect(Set(folder) == Set(files.map(\.name) + ["results.json"]))
  }

  @Test func `the results are of all workloads, in full`() throws {
    let report = try Self.report()
    #expect(!report.run.isQuick)
    let workloads = Workload.all(.full, proxyd: nil, withEnvoy: false)
    #expect(report.chapters.map(\.id) == workloads.map(\.id))
    #expect(report.chapters.map(\.title) == workloads.map(\.title))
    for figure in report.chapters.flatMap(\.figures) {
      #expect(figure.series.contains { $0.server == .proxyd }, "\(figure.title)")
      #expect(figure.series.count >= 2, "\(figure.title)")
      // Connections are held through all rounds, so they are weighed once.
      let count = figure.metric == .kibibytesPerConnection ? 1 : report.run.rounds
      #expect(figure.series.allSatisfy { $0.samples.count == count }, "\(figure.title)")
    }
  }

  @Test func `the machine is described without its name and its folders`() throws {
    let json = try Self.text(of: "docs/benchmarks/results.json")
    #expect(!json.replacing("GNU/Linux", with: "").contains("/"))
    let whole = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let machine = try #require(whole?["machine"] as? [String: Any])
    let told: Set = ["cores", "kernel", "memoryGibibytes", "processor", "system"]
    #expect(Set(machine.keys) == told)
  }
}

@Suite struct ReportTests {
  private func report(_ figures: Report.Figure...) -> Report {
    Report(
      machine: .init(
        processor: "P", cores: 2, memoryGibibytes: 4, kernel: "Linux 1.2", system: "S"),
      run: .init(
        date: "2026-01-02", loadAverageBefore: 0.25, minutes: 3, isQuick: false, rounds: 3,
        requests: 100),
      versions: ["proxyd": "1.2.3"],
      chapters: [.init(id: "a", title: "A < B", about: "Why.", figures: figures)])
  }

  private let figure = Report.Figure(
    title: "deep", metric: .microseconds, isHeadline: true,
    series: [
      .init(server: .floor, samples: [1, 10, 2]), .init(server: .proxyd, samples: [2, 30, 8]),
    ])

  @Test func `a table has the medians, and the page the quotients within rounds`() {
    let markdown = Markdown(report: report(figure))
    #expect(markdown.summary.hasPrefix("|  |  | floor | proxyd |\n|---|---|--:|--:|\n"))
    #expect(markdown.summary.contains("| A < B, deep | CPU µs a request | 2.00 | **8.00** |\n"))
    #expect(markdown.document.contains("| proxyd | CPU µs a request | 8.00 | 2.00 … 30.0 | 3.00 |"))
    #expect(markdown.document.contains("![A < B](a.svg)"))
  }

  @Test func `what is no headline is in the page alone`() {
    var aside = figure
    aside.isHeadline = false
    aside.title = "aside"
    let report = report(figure, aside)
    #expect(!Markdown(report: report).summary.contains("aside"))
    #expect(Markdown(report: report).document.contains("aside"))
    #expect(!Plot(chapter: report.chapters[0]).svg.contains("aside"))
  }

  @Test func `a plot is XML, and its longest bar is the largest figure`() throws {
    let svg = Plot(chapter: report(figure).chapters[0]).svg
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    #expect(svg.contains(/class="proxyd" x="[0-9]+" y="[0-9]+" width="500"/))
    #expect(svg.contains(/class="floor" x="[0-9]+" y="[0-9]+" width="125"/))
  }

  @Test func `only what is between the two lines is replaced`() throws {
    let markdown = Markdown(report: report(figure))
    let text = "before\n<!-- benchmarks -->\nold\n<!-- /benchmarks -->\nafter\n"
    let made = try markdown.inserted(into: text)
    #expect(made.hasPrefix("before\n<!-- benchmarks -->\n| "))
    #expect(made.hasSuffix("<!-- /benchmarks -->\nafter\n"))
    #expect(try markdown.inserted(into: made) == made)
    #expect(throws: Markdown.Misplaced.self) { try markdown.inserted(into: "none") }
  }

  @Test func `a run on a busy machine says so`() {
    var report = report(figure)
    #expect(!Markdown(report: report).summary.contains("other work"))
    report.run.loadAverageBefore = 2.5
    #expect(Markdown(report: report).summary.contains("other work"))
    #expect(Markdown(report: report).document.contains("other work"))
  }

  @Test func `a report comes back from its JSON`() throws {
    let report = report(figure)
    #expect(try Report.decode(report.json()) == report)
  }

  @Test(arguments: [
    (0.0, "0"), (0.5467, "0.547"), (5.467, "5.47"), (54.67, "54.7"), (546.7, "547"),
    (98_765, "98,800"), (999_900, "1,000,000"), (1_234_567, "1,230,000"),
  ]) func `three digits count`(_ number: Double, _ text: String) {
    #expect(number.shown == text)
  }

  @Test func `versions are found in what programs say`() {
    #expect(Machine.version(in: "Redis server v=7.0.15 sha=0:0") == "7.0.15")
    #expect(Machine.version(in: "nginx version: nginx/1.22.1") == "1.22.1")
    #expect(Machine.version(in: "usage") == nil)
  }

  @Test func `a Redis tells how many GETs it has had`() {
    let text = "# Commandstats\r\ncmdstat_getex:calls=7,usec=1\r\ncmdstat_get:calls=42,usec=9\r\n"
    #expect(RedisWork.gets(inStatistics: text) == 42)
    #expect(RedisWork.gets(inStatistics: "") == 0)
  }

  @Test func `our generator's line is read whole or not at all`() {
    #expect(Load.outcome(ofOwn: "1000 2.5\n")?.requestsPerSecond == 400)
    #expect(Load.outcome(ofOwn: "load: recv: \n") == nil)
    #expect(Load.outcome(ofOwn: "0 2.5\n") == nil)
  }
}
