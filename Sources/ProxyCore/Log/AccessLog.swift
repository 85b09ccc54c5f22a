/// A line for each request: a queue a loop, which only that loop and the writer touch, so that no loop waits
/// for another one, nor for a disk.
package final class AccessLog: Sendable {
  package let format: LogFormat
  private let writer: LineWriter
  private let queues: [LineQueue]

  /// - Parameter workers: How many loops there are.
  package init(_ format: LogFormat, workers: Int, writer: LineWriter) {
    self.format = format
    self.writer = writer
    queues = (0..<workers).map { _ in writer.makeQueue(bytesMax: Limits.accessLogBytesMax) }
  }

  /// What its loops have added is written, and nothing more comes.
  package func retire() { writer.retire(queues) }

  /// Writes a request of the loop with this number down, unless more wait already than may. O(bytes).
  func add(_ record: AccessRecord, worker: Int) {
    queues[worker].add { line, clock in
      switch format {
      case .text: record.writeText(to: &line, &clock)
      case .json: record.writeJSON(to: &line, &clock)
      }
    }
  }
}
