import Foundation
import ProxyCore

/// What the library's parts cost by themselves, without sockets: `bench-core operations` and
/// `bench-core memory`.
///
/// Everything here calls ProxyCore from a module of its own, as another program would.
@main
struct CoreBench {
  static func main() {
    switch CommandLine.arguments.dropFirst().first {
    case "operations": OperationBench().run()
    case "memory": MemoryBench(isCheck: CommandLine.arguments.contains("--check")).run()
    default:
      print("usage: bench-core operations | memory [--check]")
      exit(64)
    }
  }

  /// The key of 16 bytes that stands for a number: `key:000000012345`.
  static func key(_ number: Int) -> [UInt8] {
    var key = Array("key:000000000000".utf8)
    var rest = number
    var place = key.count - 1
    while rest > 0 {
      key[place] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
      place -= 1
    }
    return key
  }
}
