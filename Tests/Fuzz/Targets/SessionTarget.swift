import Glibc
import HTTP
import HTTPFront
import ProxyCore
import RESPFront
import TestSupport

/// Whole clients: what is sent is answered in the protocol's form, the connection ends, and nothing
/// of it is left.
enum SessionTarget {
  /// A RESP client.
  static func respond(_ input: [UInt8]) {
    let output = Stage.shared.exchange(input, over: Stage.shared.resp.address.port)
    var scanner = ReplyScanner()
    var offset = 0
    while offset < output.count {
      switch scanner.scan(output.rawSpan.extracting(offset..<output.count)) {
      case .complete(let length): offset += length
      // The connection may end within a reply.
      case .partial: return
      case .malformed(let defect):
        demand(false, "\(defect) at \(offset): \(String(decoding: output, as: UTF8.self))")
      }
    }
  }

  /// An HTTP client. Which of its responses have bodies depends on requests that only a server reads.
  static func serve(_ input: [UInt8]) {
    let output = Stage.shared.exchange(input, over: Stage.shared.http.address.port)
    demand(
      output.isEmpty || output.starts(with: Array("HTTP/1.1 ".utf8)),
      String(decoding: output, as: UTF8.self))
    // Without HEAD all of them have, and can be told apart.
    if input.contains(UInt8(ascii: "H")) && String(decoding: input, as: UTF8.self).contains("HEAD")
    {
      return
    }
    var reader = ResponseReader(output)
    while !reader.isAtEnd {
      demand(reader.take(isHead: false), String(decoding: output, as: UTF8.self))
    }
  }
}

/// Both fronts before a Redis of the simplest kind, for all inputs of a process.
private final class Stage: Sendable {
  static let shared = {
    // Nothing can be fuzzed without it, so there is nobody to tell but the fuzzer.
    do { return try Stage() } catch { fatalError("\(error)") }
  }()

  let http: HTTPFront
  let resp: RESPFront
  private let proxy: Proxy
  private let loop: LoopThread
  private let redis: FakeRedis

  private init() throws {
    signal(SIGPIPE, SIG_IGN)
    redis = try FakeRedis()
    loop = try LoopThread(name: "fuzzed")
    var settings = ProxySettings(url: RedisURL(port: redis.port))
    settings.valueBytesMax = 1_000
    proxy = try Proxy(settings, loops: [loop])
    var options = HTTPOptions()
    options.settings.allowsWrites = true
    options.settings.crossOrigin = .everybody
    options.hostNames = ["a"]
    http = try HTTPFront(on: .loopback(), loops: [loop], proxy: proxy, options: options)
    resp = try RESPFront(
      on: .loopback(), loops: [loop], proxy: proxy,
      options: RESPOptions(greeting: ServerGreeting(version: "7.0.15")))
  }

  /// All that is answered to `input`. Every input finds the same: nothing in memory, nothing at Redis.
  func exchange(_ input: [UInt8], over port: UInt16) -> [UInt8] {
    redis.forget()
    proxy.cache.removeAll()
    do {
      let client = try Loopback.connect(port: port)
      defer { close(client) }
      Loopback.setTimeout(client, seconds: 20)
      // The first byte says how it is cut.
      let size = input.first.map { $0 & 3 == 0 ? max(1, Int($0 >> 2)) : Int.max } ?? 1
      var rest = input[...]
      while !rest.isEmpty {
        let piece = rest.prefix(size)
        rest = rest.dropFirst(piece.count)
        // It may have been refused already.
        guard (try? Loopback.send(Array(piece), to: client)) != nil else { break }
      }
      shutdown(client, Int32(SHUT_WR))
      var output: [UInt8] = []
      while true {
        let piece: [UInt8]
        // A reset is an end as well: closing with bytes unread makes one.
        do { piece = try Loopback.receive(from: client) } catch  where errno == ECONNRESET { break }
        if piece.isEmpty { break }
        output += piece
      }
      expectNothingLeft()
      return output
    } catch {
      fatalError("the connection does not end: \(error)")  // what a fuzzer is to find
    }
  }

  private func expectNothingLeft() {
    let proxy = proxy
    for _ in 0..<2_000 {
      let census = loop.perform { proxy.worker(on: $0)?.underWay } ?? nil
      guard let census else { return }
      let sum =
        census.reads + census.calls + census.waits + census.flights + census.fences
        + census.pinned
      if sum == 0 && proxy.limiter.counts.permitsInUse == 0 { return }
      usleep(1_000)
    }
    let left = loop.perform { loop in proxy.worker(on: loop).map { "\($0.underWay)" } ?? "" } ?? ""
    fatalError("something is left: \(left)")  // what a fuzzer is to find
  }
}
