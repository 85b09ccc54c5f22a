import Glibc
import TestSupport

/// How long the threads of a process have run, in user mode and in the kernel, in nanoseconds.
enum ProcessorTime {
  static func nanoseconds(of pid: Int32) throws -> UInt64 {
    let folder = "/proc/\(pid)/task"
    guard let directory = unsafe opendir(folder) else { throw ToolError("\(folder) is gone") }
    defer { unsafe closedir(directory) }
    var sum: UInt64 = 0
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard Int(name) != nil else { continue }
      let text = try TextFile.read("\(folder)/\(name)/schedstat")
      guard let first = text.split(separator: " ").first, let time = UInt64(first) else {
        throw ToolError("this kernel keeps no schedstat")
      }
      sum += time
    }
    return sum
  }
}
