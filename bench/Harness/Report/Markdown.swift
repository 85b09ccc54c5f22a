/// Tables and text, made of a report and of nothing else.
struct Markdown {
  let report: Report

  /// What stands between two lines of the README, which say that it is made.
  static let begin = "<!-- benchmarks -->"
  static let end = "<!-- /benchmarks -->"

  /// A text whose part between the two lines is this report's.
  func inserted(into text: String) throws(Misplaced) -> String {
    guard let begin = text.firstRange(of: Self.begin + "\n"),
      let end = text[begin.upperBound...].firstRange(of: Self.end)
    else { throw Misplaced() }
    return text[..<begin.upperBound] + summary + text[end.lowerBound...]
  }

  /// A text without the two lines, or with more than one table for them.
  struct Misplaced: Error {}

  /// All headline figures, a line each, every server a column.
  var summary: String {
    let figures = report.chapters.flatMap { chapter in
      chapter.figures.filter(\.isHeadline).map { (chapter, $0) }
    }
    let servers = Server.allCases.filter { server in
      figures.contains { $0.1.series.contains { $0.server == server } }
    }
    let lines = figures.map { chapter, figure in
      let cells = servers.map { server in
        let cell = figure.series.first { $0.server == server }?.median.shown ?? "–"
        return server == .proxyd ? "**\(cell)**" : cell
      }
      let title = figure.title.isEmpty ? chapter.title : "\(chapter.title), \(figure.title)"
      return Self.line([title, figure.metric.unit] + cells)
    }
    let header = Self.line(["", ""] + servers.map(\.title))
    let rule = "|---|---|" + String(repeating: "--:|", count: servers.count) + "\n"
    return header + rule + lines.joined() + "\n\(circumstances)\n"
  }

  /// `docs/benchmarks/README.md`.
  var document: String {
    """
    # Benchmarks

    Made by `make bench`. [results.json](results.json) has every sample, and `make bench-report` makes this page
    and the plots from it. [bench/README.md](../../bench/README.md) says how it is measured, and what the servers are.

    \(circumstances)

    | | |
    |---|---|
    \(description)
    Figures are medians over the rounds, with the least and the most behind them. `× floor` is the median over the
    rounds of the quotient to the floor's figure in the same round: the one to trust where the machine was busy.

    \(report.chapters.map(section).joined(separator: "\n"))
    """
  }

  private var circumstances: String {
    let run = report.run
    let quick = run.isQuick ? " A quick run, which only shows that it works." : ""
    let isBusy = run.loadAverageBefore > Double(report.machine.cores) / 2
    let work = " The machine had other work to do meanwhile: only ratios mean anything."
    let busy = isBusy ? work : ""
    let rounds = run.rounds == 1 ? "One round" : "Medians of \(run.rounds) interleaved rounds"
    return
      "\(rounds), \(run.date), on \(report.machine.cores) cores of \(report.machine.processor); "
      + "load average before the run \(Results.text(run.loadAverageBefore, 2)).\(busy)\(quick)"
  }

  private var description: String {
    let machine = report.machine
    let facts =
      [
        ("processor", "\(machine.processor), \(machine.cores) cores"),
        ("memory", "\(Results.text(machine.memoryGibibytes, 0)) GiB"),
        ("kernel", machine.kernel), ("system", machine.system),
        ("run", "\(report.run.date), \(Results.text(report.run.minutes, 1)) minutes"),
        (
          "requests a round",
          "\(report.run.requests), 8 times as many in pipelines of 16, 16 times of 64"
        ),
      ] + report.versions.sorted { $0.key < $1.key }
    return facts.map { Self.line([$0.0, $0.1]) }.joined()
  }

  private func section(_ chapter: Report.Chapter) -> String {
    var lines = ""
    for figure in chapter.figures {
      for series in figure.series {
        let least = series.samples.min()?.shown ?? "–"
        let most = series.samples.max()?.shown ?? "–"
        lines += Self.line([
          figure.title, series.server.title, figure.metric.unit, series.median.shown,
          "\(least) … \(most)", figure.ratio(of: series)?.shown ?? "–",
        ])
      }
    }
    return """
      ## \(chapter.title)

      \(chapter.about)

      ![\(chapter.title)](\(chapter.id).svg)

      | | server | | median | least … most | × floor |
      |---|---|---|--:|--:|--:|
      \(lines)
      """
  }

  private static func line(_ cells: [String]) -> String {
    "| " + cells.joined(separator: " | ") + " |\n"
  }
}

extension Report.Figure {
  /// The median over the rounds of this figure by the floor's in the same round.
  func ratio(of series: Report.Series) -> Double? {
    guard let floor = self.series.first(where: { $0.server == .floor }) else { return nil }
    let ratios = zip(series.samples, floor.samples).compactMap { $1 > 0 ? $0 / $1 : nil }
    return ratios.isEmpty ? nil : Results.median(ratios)
  }
}
