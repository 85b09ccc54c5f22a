import TestSupport
import Testing

@testable import ProxyCore

@Suite("The heart's homes")
struct HeartHomeTests {
  @Test("keys are spread evenly over all lanes", arguments: [1, 2, 3, 4])
  func spread(_ lanes: Int) throws {
    let heart = try Heart(port: 1, loops: lanes)
    var counts = [Int](repeating: 0, count: lanes)
    for key in 0..<4_000 { counts[heart.home(of: "key:\(key)")] += 1 }
    for count in counts { #expect(count > 3_000 / lanes) }
  }
}
