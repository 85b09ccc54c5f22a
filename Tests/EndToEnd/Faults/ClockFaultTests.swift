import Foundation
import TestSupport
import Testing

/// Clocks that jump, for one process alone: a library that is loaded before all others adds to them.
@Suite(
  .enabled(if: RedisServer.isInstalled, "redis-server is not installed"),
  .enabled(if: JumpingClock.works, "cc is not installed, or nothing may be loaded before"),
  .serialized)
struct ClockFaultTests {
  private static let tenYears = 315_360_000

  @Test(arguments: [tenYears, -tenYears]) func `the wall clock jumps: nothing but dates changes`(
    _ seconds: Int
  ) throws {
    let clock = try JumpingClock()
    let proxyd = try Proxyd(["--cache-ttl", "3600"], variables: clock.variables)
    let client = try proxyd.connect()
    let http = try HTTPConnection(port: proxyd.httpPort)
    #expect(try client.query("SET", "k", "v", "EX", "1000") == .simple("OK"))
    try poll("it is in memory") { try hits(client, proxyd) == 1 }
    let blocked = try proxyd.connect()
    try blocked.send(["BLPOP", "list", "0"])
    clock.set(wall: seconds)
    // Still in memory, neither expired nor for ever.
    for _ in 0..<20 { #expect(try hits(client, proxyd) == 1) }
    #expect(try http.get("/k").body == "v")
    let year = Calendar(identifier: .gregorian).component(
      .year, from: Date(timeIntervalSinceNow: Double(seconds)))
    try poll("dates follow") { try http.get("/k").head.contains(" \(year) ") }
    #expect(try client.query("SET", "k", "w") == .simple("OK"))
    #expect(try client.query("GET", "k") == .bulk("w"))
    #expect(try client.query("RPUSH", "list", "x") == .integer(1))
    #expect(try blocked.receive() == .array([.bulk("list"), .bulk("x")]))
    proxyd.redis.stop()
    try poll("it knows that Redis is away") { try client.query("SET", "k", "v").isError }
    try proxyd.redis.restart()
    try poll("it serves again") { try client.query("SET", "k", "v") == .simple("OK") }
    clock.set(wall: 0)
    try poll("what is known is answered from memory") { try hits(client, proxyd) == 1 }
    #expect(proxyd.end(by: SIGTERM) == 0)
    #expect(proxyd.log.contains(" \(year) "))
  }

  @Test func `the machine was asleep for an hour: what has expired meanwhile is not answered`()
    throws
  {
    let clock = try JumpingClock()
    let proxyd = try Proxyd(["--cache-ttl", "600"], variables: clock.variables)
    let client = try proxyd.connect()
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    try poll("it is in memory") { try hits(client, proxyd) == 1 }
    clock.set(boot: 3_600)
    #expect(try hits(client, proxyd) == 0)
    try poll("it is in memory again") { try hits(client, proxyd) == 1 }
    try poll("every loop goes on") {
      try HTTPConnection(port: proxyd.adminPort).get("/healthz").status == 200
    }
    #expect(proxyd.end(by: SIGTERM) == 0)
  }

  @Test func `the wall clock of Redis jumps: keys that end there end here`() throws {
    let clock = try JumpingClock()
    let redis = try RedisServer(prefix: ["env"] + clock.variables)
    let proxyd = try Proxyd(redis: redis)
    let client = try proxyd.connect()
    #expect(try client.query("SET", "k", "v", "EX", "100") == .simple("OK"))
    #expect(try client.query("SET", "kept", "v") == .simple("OK"))
    try poll("it is in memory") { try hits(client, proxyd) == 1 }
    clock.set(wall: 3_600)
    try poll("it has ended") { try client.query("GET", "k") == .bulk(nil) }
    #expect(try client.query("SET", "k", "w", "EX", "100") == .simple("OK"))
    try poll("it is in memory") { try hits(client, proxyd) == 1 }
    // Back: it lives longer at Redis, and here as long as was said.
    clock.set(wall: 0)
    #expect(try client.query("GET", "k") == .bulk("w"))
    #expect(try client.query("GET", "kept") == .bulk("v"))
  }

  @Test(.enabled(if: Namespace.isAllowed("-T"), "time namespaces are for root"))
  func `a machine that has been up for thirty years is like any other`() throws {
    let years = "\(3 * Self.tenYears)"
    let proxyd = try Proxyd(
      ["--cache-ttl", "1"],
      launcher: ["unshare", "-T", "--monotonic", years, "--boottime", years, "--"])
    let client = try proxyd.connect()
    #expect(try client.query("SET", "k", "v") == .simple("OK"))
    try poll("it is in memory") { try hits(client, proxyd) == 1 }
    try poll("and no longer than it may") { try hits(client, proxyd) == 0 }
    #expect(proxyd.end(by: SIGTERM) == 0)
  }

  /// How many reads from memory a `GET k` is.
  private func hits(_ client: RESPConnection, _ proxyd: Proxyd) throws -> Int {
    let before = proxyd.figure("proxy_cache_hits", client) ?? 0
    _ = try client.query("GET", "k")
    return (proxyd.figure("proxy_cache_hits", client) ?? 0) - before
  }
}

/// Clocks of a process to which seconds can be added while it runs.
final class JumpingClock {
  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <fcntl.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #include <sys/time.h>
    #include <sys/timerfd.h>
    #include <time.h>
    static const volatile long *added;
    static int (*real)(clockid_t, struct timespec *);
    __attribute__((constructor)) static void begin(void) {
      real = dlsym(RTLD_NEXT, "clock_gettime");
      int file = open(getenv("CLOCK_OFFSETS"), O_RDONLY | O_CLOEXEC);
      void *page = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
      if (page != MAP_FAILED) added = page;
    }
    int clock_gettime(clockid_t clock, struct timespec *time) {
      if (!real) begin();
      int result = real(clock, time);
      if (added && clock == CLOCK_REALTIME) time->tv_sec += added[0];
      if (added && clock == CLOCK_BOOTTIME) time->tv_sec += added[1];
      return result;
    }
    // The kernel's own clock is not ahead.
    int timerfd_settime(
        int timer, int flags, const struct itimerspec *next, struct itimerspec *last) {
      static int (*set)(int, int, const struct itimerspec *, struct itimerspec *);
      if (!set) set = dlsym(RTLD_NEXT, "timerfd_settime");
      struct itimerspec by_kernel = *next;
      if (added && flags & TFD_TIMER_ABSTIME) by_kernel.it_value.tv_sec -= added[1];
      return set(timer, flags, &by_kernel, last);
    }
    int gettimeofday(struct timeval *time, void *zone) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      time->tv_sec = now.tv_sec;
      time->tv_usec = now.tv_nsec / 1000;
      return 0;
    }
    time_t time(time_t *seconds) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      if (seconds) *seconds = now.tv_sec;
      return now.tv_sec;
    }
    """

  private let directory: String

  /// Whether this can be done here.
  static let works: Bool = {
    guard let clock = try? JumpingClock() else { return false }
    clock.set(wall: 315_360_000)
    let year = try? Proxyd.run(program: "date", ["+%Y"], variables: clock.variables).output
    return (year.flatMap { Int($0.prefix(4)) } ?? 0) > 2_030
  }()

  init() throws {
    directory = try TemporaryDirectory.make()
    try Self.source.write(toFile: directory + "/clock.c", atomically: false, encoding: .utf8)
    try Data(repeating: 0, count: 4_096).write(to: URL(fileURLWithPath: directory + "/offsets"))
    let (status, output) = try Proxyd.run(
      program: "cc", ["-shared", "-fPIC", "-o", library, directory + "/clock.c", "-ldl"])
    guard status == 0 else { throw ToolError(output) }
  }

  deinit { TemporaryDirectory.remove(directory) }

  private var library: String { directory + "/clock.so" }

  /// What a process must find in its environment.
  var variables: [String] {
    [
      "LD_PRELOAD=\(library)", "CLOCK_OFFSETS=\(directory)/offsets",
      "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0",
    ]
  }

  /// Adds so many seconds from now on: to the wall clock, and to the one that counts time asleep.
  func set(wall: Int = 0, boot: Int = 0) {
    let words = [Int64(wall), Int64(boot)]
    let file = FileHandle(forUpdatingAtPath: directory + "/offsets")
    file?.write(unsafe words.withUnsafeBytes { unsafe Data($0) })
    try? file?.close()
  }
}
