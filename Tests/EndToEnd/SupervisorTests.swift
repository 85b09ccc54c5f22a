import Glibc
import TestSupport
import Testing

/// proxyd under systemd, or what does as it does.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct SupervisorTests {
  @Test func `it says when it is ready, reads its settings again, and ends`() throws {
    let ear = try NotificationSocket()
    let proxyd = try Proxyd(variables: ["NOTIFY_SOCKET=\(ear.path)"])
    let ready = try ear.receive()
    #expect(ready.hasPrefix("READY=1\nSTATUS=HTTP on 127.0.0.1:\(proxyd.httpPort), RESP on "))
    // It served before it said so.
    #expect(try proxyd.connect().query("PING") == .simple("PONG"))
    proxyd.signal(SIGHUP)
    #expect(try ear.receive().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    #expect(try ear.receive() == ready)
    #expect(proxyd.end(by: SIGTERM) == 0)
    #expect(try ear.receive() == "STOPPING=1")
  }

  private static let canActivate = {
    (try? Proxyd.run(program: "systemd-socket-activate", ["--version"]))?.status == 0
  }()

  @Test(.enabled(if: Self.canActivate, "systemd-socket-activate is not installed"))
  func `it serves on sockets that were opened for it`() throws {
    let redis = try RedisServer()
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    let (http, resp) = (try Loopback.freePort(), try Loopback.freePort())
    // What a sanitizer is told does not get there by itself.
    let sanitizer = unsafe getenv("ASAN_OPTIONS").map { unsafe String(cString: $0) }
    let listening = ["-l", "127.0.0.1:\(http)", "-l", "127.0.0.1:\(resp)", "--fdname=http:resp"]
    let process = try ChildProcess(
      ["systemd-socket-activate"] + listening
        + (sanitizer.map { ["--setenv=ASAN_OPTIONS=\($0)"] } ?? [])
        + [try Proxyd.path(), "--redis-port", "\(redis.port)"]
        + ["--http-port", "1", "--resp-port", "2", "--admin-port", "0"], output: directory + "/log")
    try poll("somebody listens") { (try? Loopback.connect(port: resp)).map { close($0) } != nil }
    let client = try RESPConnection(port: resp)
    #expect(try client.query("SET", "a", "1") == .simple("OK"))
    #expect(try HTTPConnection(port: http).get("/a").body == "1")
    let log = Proxyd.text(of: directory + "/log")
    #expect(log.contains("HTTP on 127.0.0.1:\(http), RESP on 127.0.0.1:\(resp), "))
    process.signal(SIGTERM)
    #expect(process.wait() == 0)
  }

  @Test func `sockets that it does not know are one line, and status 78`() throws {
    // exec keeps the process id that the shell knows as its own.
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec \"$0\""
    let (status, output) = try Proxyd.run(program: "sh", ["-c", script, Proxyd.path()])
    #expect(status == 78)
    #expect(output.hasPrefix("proxyd: LISTEN_FDNAMES: ") && output.contains("\"web\""))
    let none = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=resp exec \"$0\" 3</dev/null"
    let (code, line) = try Proxyd.run(program: "sh", ["-c", none, Proxyd.path(), "--http-port=0"])
    #expect(code == 1 && line.contains("proxyd: LISTEN_FDS: the socket resp does not listen"))
  }
}

/// A datagram socket with a name in the file system, gone with its test.
private final class NotificationSocket {
  let path: String
  private let directory: String
  private let descriptor: Int32

  init() throws {
    directory = try TemporaryDirectory.make()
    path = directory + "/notify"
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    Loopback.setTimeout(descriptor, seconds: 30)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let bound = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw ToolError("\(path) cannot be bound") }
  }

  deinit {
    close(descriptor)
    TemporaryDirectory.remove(directory)
  }

  func receive() throws -> String {
    String(decoding: try Loopback.receive(from: descriptor), as: UTF8.self)
  }
}
