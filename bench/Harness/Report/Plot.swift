/// The bars of a chapter, as SVG that is readable on light and on dark pages.
struct Plot {
  let chapter: Report.Chapter

  private static let width = 760
  private static let barLeft = 150
  private static let barWidthMax = 500
  private static let rowHeight = 24
  private static let titleHeight = 38

  var svg: String {
    var body = ""
    var top = 12
    for figure in chapter.figures where figure.isHeadline {
      body += Self.group(figure, chapter.title, top: top)
      top += Self.titleHeight + figure.series.count * Self.rowHeight + 10
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(top)" width="\(Self.width)" \
      height="\(top)" role="img" aria-label="\(Self.escaped(chapter.title))">
      <style>
      text { font: 13px system-ui, sans-serif; fill: #24292f; }
      .title { font-weight: 600; }
      .unit { fill: #656d76; }
      .name { text-anchor: end; }
      rect { fill: #a8b3bf; }
      .floor { fill: #dde2e7; }
      .proxyd { fill: #e0632a; }
      @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .unit { fill: #8d96a0; }
      rect { fill: #596673; }
      .floor { fill: #363d45; }
      .proxyd { fill: #f07b45; }
      }
      </style>
      \(body)</svg>

      """
  }

  private static func group(_ figure: Report.Figure, _ title: String, top: Int) -> String {
    let most = figure.series.map(\.median).max() ?? 0
    let better = figure.metric.isBetterMore ? "more" : "less"
    let heading = figure.title.isEmpty ? title : figure.title
    var text = """
      <text class="title" x="0" y="\(top + 16)">\(escaped(heading))\
      <tspan class="unit" dx="10" font-weight="400">\(figure.metric.unit), \(better) is better</tspan></text>

      """
    for (row, series) in figure.series.enumerated() {
      let y = top + titleHeight + row * rowHeight - 8
      let share = most > 0 ? series.median / most : 0
      let length = max(Int((share * Double(barWidthMax)).rounded()), 1)
      text += """
        <text class="name" x="\(barLeft - 10)" y="\(y + 13)">\(escaped(series.server.title))</text>
        <rect class="\(series.server.rawValue)" x="\(barLeft)" y="\(y)" width="\(length)" height="17" rx="2"/>
        <text x="\(barLeft + length + 8)" y="\(y + 13)">\(series.median.shown)</text>

        """
    }
    return text
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
  }
}
