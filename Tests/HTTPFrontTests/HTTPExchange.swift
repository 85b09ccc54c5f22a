import Foundation
import ProxyCore
import TestSupport

@testable import HTTP
@testable import HTTPFront

/// A request and what is answered to it, without a socket.
struct HTTPExchange {
  static let contents = ContentHash(seed: 7)

  var settings = HTTPSettings()
  var value: [UInt8]? = bytes("hello")
  var outcome = CacheOutcome.hit(age: 3, timeToLive: 12)

  init(_ change: (inout HTTPSettings) -> Void = { _ in }) { change(&settings) }

  /// A request with a Host and the other lines.
  static func request(_ line: String, _ fields: [String] = []) -> String {
    ([line + " HTTP/1.1", "Host: a"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
  }

  /// The request, what it is for and which key it names; nil where it is none.
  func purpose(_ text: String) -> (request: HTTPRequest, purpose: HTTPPurpose, key: [UInt8])? {
    let input = bytes(text)
    var parser = HTTPRequestParser()
    guard case .request = unsafe parser.parse(input.span.bytes) else { return nil }
    let head = parser.head
    var key = ByteBuffer()
    var request = unsafe HTTPRequest(head, in: input.span.bytes, settings)
    let purpose = unsafe request.purpose(head, in: input.span.bytes, settings, key: &key)
    return (request, purpose, key.bytes.array)
  }

  /// The whole response, with a line `Date` in which the date is not compared.
  func response(_ text: String) -> String {
    guard let (request, purpose, key) = purpose(text) else { return "no request" }
    var options = HTTPOptions()
    options.settings = settings
    let desk = HTTPDesk(options, now: .now)
    let output = written { output in
      switch purpose {
      case .read:
        if let value {
          let span = unsafe value.span.bytes
          unsafe desk.append(
            HTTPValue(span, isText: span.isUTF8, hash: Self.contents.hash(span)),
            of: key.span.bytes, for: request, outcome,
            to: &output)
        } else {
          desk.writer.append(.absent, for: request, outcome, to: &output)
        }
      case .write, .delete: desk.writer.appendDone(for: request, to: &output)
      case .options(let isPreflight):
        desk.writer.appendOptions(isPreflight: isPreflight, for: request, to: &output)
      case .problem(let problem): desk.writer.append(problem, for: request, to: &output)
      }
    }
    return Self.undated(output)
  }

  static func undated(_ output: [UInt8]) -> String {
    String(decoding: output, as: UTF8.self)
      .replacing(/Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/, with: "Date: D")
  }

  /// The status and the lines that begin with one of `names`, and the body after a bar.
  func summary(_ text: String, _ names: [String]) -> String {
    let response = response(text)
    guard let end = response.range(of: "\r\n\r\n") else { return response }
    let lines = response[..<end.lowerBound].split(separator: "\r\n")
    let status = lines.first.map { $0.dropFirst(9).prefix(3) } ?? ""
    let shown = lines.dropFirst().filter { line in names.contains { line.hasPrefix($0) } }
    return ([String(status)] + shown.map(String.init)).joined(separator: " | ")
      + (response[end.upperBound...].isEmpty ? "" : " || " + response[end.upperBound...])
  }
}
