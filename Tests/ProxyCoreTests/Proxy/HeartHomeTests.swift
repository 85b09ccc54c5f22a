import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart's homes")
struct HeartHomeTests {
  @Test("keys are spread evenly over all workers", arguments: [1, 2, 3, 4])
  func spread(_ workers: Int) throws {
    let heart = try Heart(port: 1, loops: workers)
    var counts = [Int](repeating: 0, count: workers)
    for key in 0..<4_000 { counts[heart.home(of: "key:\(key)")] += 1 }
    for count in counts { #expect(count > 3_000 / workers) }
  }
}
