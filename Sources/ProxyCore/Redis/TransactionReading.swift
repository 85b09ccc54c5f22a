/// EXEC of a transaction that changes what its client is subscribed to: a confirmation for each channel
/// stands where one element should, and messages to the client itself between elements. Neither is valid
/// within an array, so that the reply is read element by element. So is that of a transaction with SELECTs,
/// where it matters whether Redis has obeyed them.
struct TransactionReading {
  /// The elements that are confirmations, in order, and of how many.
  private let confirmations: [(element: Int, count: UInt32)]
  private var next = 0
  /// The elements that answer SELECTs, in order.
  private let selections: [Int]
  private var nextSelection = 0
  /// Which of the SELECTs was the last one that was not answered with an error.
  private(set) var lastSelection: Int?
  private var element = 0
  /// Elements that the reply has; nil until its first line has come.
  private(set) var count: Int?
  /// Confirmations of the element at hand that have not come.
  private var confirmationsLeft: UInt32 = 0

  init(_ confirmations: [(element: Int, count: UInt32)], selections: [Int] = []) {
    self.confirmations = confirmations
    self.selections = selections
  }

  mutating func begin(count: Int) {
    self.count = count
    beginElement()
  }

  /// Whether a confirmation may be what comes next.
  var expectsConfirmation: Bool { confirmationsLeft > 0 }

  /// A confirmation has come. Whether it was the reply's end.
  mutating func endConfirmation() -> Bool {
    if confirmationsLeft > 1 {
      confirmationsLeft -= 1
      return false
    }
    return endElement(isError: false)
  }

  /// An element has come, an error in place of confirmations included. Whether it was the last one.
  mutating func endElement(isError: Bool) -> Bool {
    if nextSelection < selections.count, selections[nextSelection] == element {
      if !isError { lastSelection = nextSelection }
      nextSelection += 1
    }
    element += 1
    beginElement()
    return element >= count ?? 0
  }

  private mutating func beginElement() {
    confirmationsLeft = 0
    guard next < confirmations.count, confirmations[next].element == element else { return }
    confirmationsLeft = confirmations[next].count
    next += 1
  }
}
