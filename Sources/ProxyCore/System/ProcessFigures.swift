internal import CLinux
internal import Glibc

/// What the system says of this process, under the names that monitoring systems use.
package struct ProcessFigures: Sendable {
  /// Processor time of all threads, in seconds.
  package let processorSeconds: Double
  package let residentBytes: Int
  package let virtualBytes: Int
  /// When the process began, in seconds since 1970.
  package let startSeconds: Double
  package let openFiles: Int
  package let openFilesMax: Int
  package let threads: Int

  /// As it is now. Some system calls, and O(open files): not for a loop that has something to do.
  package static var now: ProcessFigures {
    var usage = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &usage)
    let pages = numbers(in: text(of: "/proc/self/statm"))
    let status = text(of: "/proc/self/stat")
    // The second field is a name in parentheses, which may contain anything.
    let fields = numbers(in: status.split(separator: ")").last ?? "")  // from the third one on
    let page = sysconf(Int32(_SC_PAGESIZE))
    return ProcessFigures(
      processorSeconds: Double(usage.tv_sec) + Double(usage.tv_nsec) / 1e9,
      residentBytes: value(1, of: pages) * page, virtualBytes: value(0, of: pages) * page,
      startSeconds: startSeconds(ticks: value(19, of: fields)), openFiles: openFileCount,
      openFilesMax: fileLimit, threads: value(17, of: fields))
  }

  /// The process began so many ticks after the machine did.
  private static func startSeconds(ticks: Int) -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    let present = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    let sinceBoot = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    let start = present - sinceBoot + Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    // The two clocks are not read at the same moment, and a start does not move.
    return (start * 10).rounded() / 10
  }

  private static var fileLimit: Int {
    var limit = rlimit()
    return unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
      ? Int(clamping: limit.rlim_cur) : 0
  }

  private static var openFileCount: Int {
    guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // This directory itself, and the two names that every directory has.
    return max(0, count - 3)
  }

  private static func text(of path: String) -> Substring {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Limits.processFileBytesMax)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return Substring(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// 0 for what is no number.
  private static func numbers(in text: Substring) -> [Int] {
    text.split { $0 == " " || $0 == "\n" }.map { Int($0) ?? 0 }
  }

  private static func value(_ place: Int, of numbers: [Int]) -> Int {
    place < numbers.count ? max(0, numbers[place]) : 0
  }
}
