import Foundation

/// The file in which budgets are committed: lines of a name and a number.
struct Budgets {
  static let path = "bench/budgets.txt"
  /// How much more than its budget a figure may be.
  static let tolerance = 0.03
  /// How much less it may be before somebody should lower the budget, so that what was won is kept.
  static let slack = 0.05

  private static let preface = """
    # What `make budgets` holds: instructions a request, counted by callgrind, and the bytes of the stripped program.
    # A change that makes one of them more than 3 % larger either mends that, or says why it is worth it and
    # commits what `make budgets-measure` writes here.

    """

  private var values: [String: Int] = [:]

  init(_ figures: Figures) throws {
    values = figures.values
    // What cannot be measured here stays as it is.
    for (name, value) in try Self.read().values where values[name] == nil { values[name] = value }
  }

  private init(_ values: [String: Int]) { self.values = values }

  static func read() throws -> Budgets {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    let pairs = lines.map { line in
      let words = line.split(separator: " ")
      return (String(words.first ?? ""), words.count == 2 ? Int(words[1]) ?? 0 : 0)
    }
    return Budgets(Dictionary(pairs, uniquingKeysWith: { $1 }))
  }

  func write() throws {
    let lines = values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
    let text = Self.preface + lines.joined()
    try text.write(toFile: Self.path, atomically: true, encoding: .utf8)
    print(lines.joined(), terminator: "")
  }

  /// A line for each figure that is past its budget; what is in order is printed.
  func complaints(about figures: Figures) -> [String] {
    figures.values.sorted { $0.key < $1.key }.compactMap { name, value in
      guard let budget = values[name], budget > 0 else {
        return "\(name): \(value), and there is no budget: make budgets-measure"
      }
      let share = Double(value) / Double(budget) - 1
      let percent = "\((abs(share) * 1_000).rounded() / 10) %"
      if share > Self.tolerance {
        return "\(name): \(value) is \(percent) over its budget of \(budget) (\(Self.path));"
          + " where they go: \(Callgrind.advice(name))"
      }
      print("\(name): \(value), budget \(budget)")
      if share < -Self.slack { print("  \(percent) less: make budgets-measure, to keep it so") }
      return nil
    }
  }
}
