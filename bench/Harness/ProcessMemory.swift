import Glibc
import TestSupport

/// What of a process is in memory.
enum ProcessMemory {
  static func residentBytes(of pid: Int32) throws -> Int {
    let fields = try TextFile.read("/proc/\(pid)/statm").split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else {
      throw ToolError("the memory of process \(pid) cannot be read")
    }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}
