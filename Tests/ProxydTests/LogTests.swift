import Glibc
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite struct LogTests {
  private func text(_ line: LogLine, _ format: LogFormat) -> String {
    var output = ByteBuffer()
    var clock = LineClock()
    line.write(format, to: &output, &clock)
    return String(decoding: output.bytes.array, as: UTF8.self)
  }

  @Test func `a line of the log is one line, whatever is said`() {
    let said = "a\nb\u{7}\"c\\é"
    let text = text(LogLine(.notice, .started, said), .text)
    #expect(text.hasSuffix(" * a b \"c\\é\n"))
    let json = self.text(LogLine(.warning, .started, said), .json)
    #expect(json.hasPrefix("{\"time\":\"20"))
    #expect(
      json.hasSuffix(
        #"Z","level":"warning","message":"a\u000ab\u0007\"c\\é","event":"started"}"# + "\n"))
  }

  @Test(arguments: [(LogLevel.verbose, "-"), (.notice, "*"), (.warning, "#")])
  func `a line of text is as in Redis's log`(_ level: LogLevel, _ mark: String) throws {
    let line = text(LogLine(level, .ended, "ended", [LogField("a", 1)]), .text)
    let pattern = try Regex(#"\d+:P \d\d [A-Z][a-z]{2} 20\d\d \d\d:\d\d:\d\d\.\d{3} "#)
    let start = try #require(line.prefixMatch(of: pattern))
    #expect(line.hasPrefix("\(getpid()):P "))
    #expect(line[start.range.upperBound...] == "\(mark) ended\n")
  }

  @Test func `a line of JSON has the fields of its event`() {
    let fields = [LogField("client", "1.2.3.4:5\""), LogField("lost", -7)]
    let line = text(LogLine(.warning, .accessLogLost, "m", fields), .json)
    #expect(
      line.hasSuffix(
        #""message":"m","event":"access-log-lost","client":"1.2.3.4:5\"","lost":-7}"# + "\n"))
  }

  @Test func `an endless message is cut`() {
    let endless = String(repeating: "\u{1}", count: 100_000)
    let fields = [LogField("a", endless)]
    for format in LogFormat.allCases {
      let line = text(LogLine(.notice, .started, endless, fields), format)
      #expect(line.utf8.count <= Limits.logLineBytesMax && line.contains("..."))
      #expect(line.filter { $0 == "\n" }.count == 1 && line.hasSuffix("\n"))
    }
  }

  @Test func `what is said again and again is counted, and told of once a minute`() {
    let clock = ManualClock()
    var filter = RepeatFilter()
    func say(_ number: Int) -> (isWritten: Bool, isFirstKept: Bool) {
      filter.admit(LogLine(.warning, .clientRefused, "no \(number)"), now: clock.now)
    }
    for number in 1...Limits.logRepeatsMax { #expect(say(number) == (true, false)) }
    #expect(filter.nextMoment == nil)
    #expect(say(6) == (false, true))
    for number in 7...47 { #expect(say(number) == (false, false)) }
    let end = clock.now.advanced(by: Limits.logRepeatsPeriod)
    #expect(filter.nextMoment == end)
    // Others are not held up, nor what never repeats by itself.
    #expect(filter.admit(LogLine(.warning, .redisAway, "gone"), now: clock.now).isWritten)
    for _ in 0..<100 {
      #expect(filter.admit(LogLine(.notice, .reloaded, "again"), now: clock.now).isWritten)
    }
    clock.advance(by: Limits.logRepeatsPeriod - .nanoseconds(1))
    #expect(filter.takeDue(at: clock.now).isEmpty)
    clock.advance(by: .nanoseconds(1))
    let lines = filter.takeDue(at: clock.now)
    #expect(lines.map(\.message) == ["no 47 … and 41 more in the last minute"])
    #expect(lines.first?.fields == [LogField("more", 41)])
    #expect(filter.nextMoment == nil && filter.takeDue(at: clock.now).isEmpty)
    #expect(say(48) == (true, false), "another minute begins")
  }

  @Test func `the last of few is told as it was`() {
    let clock = ManualClock()
    var filter = RepeatFilter()
    for number in 0...Limits.logRepeatsMax {
      _ = filter.admit(LogLine(.notice, .redisConnected, "\(number)"), now: clock.now)
    }
    clock.advance(by: Limits.logRepeatsPeriod)
    #expect(filter.takeDue(at: clock.now).map(\.message) == ["\(Limits.logRepeatsMax)"])
  }

  @Test func `a minute without anything kept just ends`() {
    let clock = ManualClock()
    var filter = RepeatFilter()
    for _ in 0..<10 {
      for _ in 0..<Limits.logRepeatsMax {
        #expect(filter.admit(LogLine(.notice, .redisAway, "m"), now: clock.now).isWritten)
      }
      clock.advance(by: Limits.logRepeatsPeriod)
    }
  }

  @Test func `the bounds of logs hold`() { #expect(Limits.logRelationsHold) }
}
