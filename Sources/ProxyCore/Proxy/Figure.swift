/// One thing that the proxy tells about itself.
package struct Figure: Sendable {
  package enum FigureValue: Sendable {
    case number(Int)
    case text(StaticString)
  }

  /// As in `INFO proxy`; the metrics have the same with `proxyd_` in front instead of `proxy_`.
  package let name: StaticString
  package let value: FigureValue

  init(_ name: StaticString, _ number: Int) {
    self.name = name
    value = .number(number)
  }

  init(_ name: StaticString, _ text: StaticString) {
    self.name = name
    value = .text(text)
  }
}
