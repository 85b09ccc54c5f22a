import Glibc
import Synchronization
import TestSupport
import Testing

@testable import ProxyCore

@Suite struct LineWriterTests {
  /// What a writer tells of.
  private final class Reports: Sendable {
    let texts = Locked<[String]>([])

    func add(_ news: LineWriter.WriterNews) {
      texts.withLock { texts in
        switch news {
        case .lost(let count): texts.append("lost \(count)")
        case .failed(let error): texts.append("failed \(error.code)")
        case .recovered(let lost): texts.append("recovered, lost \(lost)")
        }
      }
    }
  }

  private func withFile(_ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    try body(directory + "/lines")
  }

  private func contents(_ path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 22)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  private func add(_ text: String, to queue: LineQueue) -> Bool {
    queue.add { line, _ in line.append(Array((text + "\n").utf8)) }
  }

  @Test func `what does not fit is counted, and fits again when the rest was taken`() {
    let wakes = Locked(0)
    let bound = Limits.logLineBytesMax + 10
    let queue = LineQueue(bytesMax: bound) { wakes.withLock { $0 += 1 } }
    #expect(add("0123456789", to: queue) && !add("b", to: queue) && !add("c", to: queue))
    var lines = ByteBuffer()
    #expect(queue.exchange(for: &lines) == 2)
    #expect(lines.bytes.array == Array("0123456789\n".utf8))
    lines.removeAll()
    #expect(add("d", to: queue) && add("e", to: queue))
    #expect(queue.exchange(for: &lines) == 0)
    #expect(lines.bytes.array == Array("d\ne\n".utf8))
    #expect(wakes.withLock { $0 } == 2, "only the first line wakes the writer")
  }

  @Test func `lines of many threads are written whole, and all by the end`() async throws {
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let path = directory + "/lines"
    let writer = LineWriter(onto: try .file(path))
    try writer.start(name: "test") { _ in }
    let queues = (0..<4).map { _ in writer.makeQueue(bytesMax: 1 << 20) }
    await onThreads(8) { number in
      for count in 0..<500 { #expect(add("\(number) \(count)", to: queues[number % 4])) }
    }
    writer.close(within: .seconds(60))
    let lines = contents(path).split(separator: "\n").map(String.init)
    #expect(lines.count == 4_000)
    for number in 0..<8 {
      let own = lines.filter { $0.hasPrefix("\(number) ") }
      #expect(own == (0..<500).map { "\(number) \($0)" }, "each in its order")
    }
  }

  @Test func `a disk that is full is told of once, and again when it has room`() throws {
    try withFile { path in
      let reports = Reports()
      let writer = LineWriter(onto: try .file("/dev/full"))
      try writer.start(name: "test") { reports.add($0) }
      let queue = writer.makeQueue(bytesMax: 1 << 20)
      #expect(add("a\nb", to: queue))
      try wait { reports.texts.withLock { $0 } == ["failed \(ENOSPC)"] }
      #expect(add("c", to: queue))
      // Until that is lost as well.
      try wait { queue.isEmpty }
      writer.write(onto: try .file(path))
      #expect(add("d", to: queue))
      writer.close(within: .seconds(60))
      #expect(contents(path) == "d\n")
      #expect(reports.texts.withLock { $0 } == ["failed \(ENOSPC)", "recovered, lost 3"])
    }
  }

  @Test func `a pipe that nobody reads holds up nobody`() throws {
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    let reports = Reports()
    let writer = LineWriter(onto: try .shared(ends[1]))
    try writer.start(name: "test") { reports.add($0) }
    let queue = writer.makeQueue(bytesMax: 1 << 20)
    let text = String(repeating: "x", count: 1_000)
    for _ in 0..<5_000 { _ = add(text, to: queue) }
    // Its thread may take what is there as late as now, but once it is held up there is no more room.
    try wait { !add(text, to: queue) }
    writer.close(within: .milliseconds(50))
    close(ends[1])
    // Now somebody reads it: whole lines, and the thread comes to its end.
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var read: [UInt8] = []
    while true {
      let count = unsafe Glibc.read(ends[0], &bytes, bytes.count)
      if count <= 0 { break }
      read += bytes[..<count]
    }
    close(ends[0])
    let lines = String(decoding: read, as: UTF8.self).split(separator: "\n")
    #expect(lines.count > 1_000 && lines.count < 5_000 && lines.allSatisfy { $0 == text })
    try wait { !reports.texts.withLock { $0 }.isEmpty }
    #expect(reports.texts.withLock { $0 }.first?.hasPrefix("lost ") == true)
  }

  private func wait(_ isSo: () -> Bool) throws {
    for _ in 0..<6_000 {
      if isSo() { return }
      usleep(5_000)
    }
    throw ToolError("it never came to this")
  }
}

extension LineQueue {
  fileprivate var isEmpty: Bool {
    var isEmpty = false
    add { lines, _ in isEmpty = lines.isEmpty }
    return isEmpty
  }
}
