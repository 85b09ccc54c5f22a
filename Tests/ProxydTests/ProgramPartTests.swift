import Glibc
import Testing

@testable import Daemon
@testable import ProxyCore

@Suite struct ProgramPartTests {
  @Test func `sockets are told apart by their names`() throws {
    #expect(try Supervisor.sockets(count: "2", names: "resp:http") == ["resp": 3, "http": 4])
    #expect(try Supervisor.sockets(count: "1", names: "http") == ["http": 3])
    for (count, names) in [
      ("2", "http"), ("1", "http:resp"), ("2", "http:http"), ("1", "proxyd.socket"), ("x", "http"),
      ("-1", "http"), ("1", ""), ("0", ""), ("99999999999999999999", "http"), ("2", "http:"),
    ] {
      #expect(throws: ConfigurationError.self, "\(count) \(names)") {
        try Supervisor.sockets(count: count, names: names)
      }
    }
  }

  @Test(arguments: [EACCES, EADDRINUSE, EADDRNOTAVAIL, EMFILE])
  func `why a front cannot listen is one line that names its setting`(_ code: Int32) {
    let place = Place("HTTP", "127.0.0.1", 80, inherited: nil)
    let error = SystemError("bind", code: code)
    let line = place.refusal(of: .loopback(port: 80), because: error)
    #expect(line.hasPrefix("HTTP_") && line.contains("127.0.0.1") && !line.contains("\n"))
    #expect((code == EACCES) == line.contains("CAP_NET_BIND_SERVICE"))
  }

  @Test func `what is told of Redis quotes no password`() throws {
    let url = try RedisURL("redis://ann:hush@there:1")
    #expect(
      !RedisError(server: url.server, reason: .connectionRefused).description.contains("hush"))
  }
}
