import ProxyCore
import Testing

@testable import Daemon

/// What `proxyd top` says about those who do not answer as an admin listener should.
@Suite struct TopAnswerTests {
  /// Answers everybody with the same text, and hangs up.
  private final class Parrot: ConnectionHandler {
    let text: String
    init(_ text: String) { self.text = text }

    func received(_ bytes: RawSpan, on connection: Connection, now: Moment) -> Consumption {
      connection.output.bytes.append(Array(text.utf8))
      connection.closeAfterFlushing()
      return .taken(bytes.byteCount)
    }
  }

  private func problem(with answer: String) throws -> String {
    let loop = try EventLoop()
    defer { loop.shutDown() }
    let listener = try loop.listen(on: .loopback()) { descriptor, peer in
      _ = try? loop.adopt(descriptor, peer: peer) { _ in Parrot(answer) }
    }
    let address = try #require(listener.address)
    do {
      let value = try StatisticsRequest.statistics(of: address, on: loop)
      return "none: \(value)"
    } catch {
      return error.description.replacing("\(address)", with: "PLACE")
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 503 Service Unavailable\r\n\r\nstarting\n", "PLACE answers: starting"),
    ("HTTP/1.1 503 Busy\r\n\r\nred \u{1B}[31m\r\n\n", "PLACE answers: red \\u{1b}[31m"),
    ("HTTP/1.1 503 Busy\r\n\r\n", "PLACE answers: "),
  ])
  func `who cannot tell now is quoted, without what a terminal would obey`(
    _ answer: String, _ text: String
  ) throws {
    #expect(try problem(with: answer) == text)
  }

  @Test(arguments: [
    "", "HTTP/1.1 503", "HTTP/1.1 404 Not Found\r\n\r\nno\n", "HTTP/1.1 200 OK\r\n\r\n{",
    "HTTP/1.1 200 OK\r\n\r\n{}", "-ERR unknown command 'GET'\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n{}",
  ])
  func `who is somebody else is recognized`(_ answer: String) throws {
    #expect(
      try problem(with: answer)
        == "PLACE does not answer as proxyd's admin listener does: see ADMIN_PORT")
  }

  @Test func `a flood is not taken in`() throws {
    let flood = String(repeating: "x", count: Limits.topAnswerBytesMax + 1)
    #expect(try problem(with: flood) == "PLACE answers more than proxyd would")
  }
}
