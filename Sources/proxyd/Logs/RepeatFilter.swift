internal import Glibc
internal import ProxyCore

/// What is said again and again is written a few times, then counted, and told of once a minute.
struct RepeatFilter: Sendable {
  private struct EventKind: Sendable {
    let end: Moment
    var written = 1
    var kept = 0
    var latest: LogLine
  }

  private var kinds: [LogEvent: EventKind] = [:]

  /// Whether to write a line now, and if not, whether it is the first that `takeDue` will report.
  mutating func admit(_ line: LogLine, now: Moment) -> (isWritten: Bool, isFirstKept: Bool) {
    guard line.event.mayRepeat else { return (true, false) }
    guard var kind = kinds[line.event], now < kind.end || kind.kept > 0 else {
      kinds[line.event] = EventKind(
        end: now.advanced(by: Limits.logRepeatsPeriod), latest: line)
      return (true, false)
    }
    kind.latest = line
    let isWritten = kind.written < Limits.logRepeatsMax
    if isWritten { kind.written += 1 } else { kind.kept += 1 }
    kinds[line.event] = kind
    return (isWritten, kind.kept == 1)
  }

  /// When there is something to tell.
  var nextMoment: Moment? { kinds.values.filter { $0.kept > 0 }.map(\.end).min() }

  /// The latest of what was kept from being written, with how much more there was.
  mutating func takeDue(at now: Moment) -> [LogLine] {
    var lines: [LogLine] = []
    for (event, kind) in kinds where kind.kept > 0 && kind.end <= now {
      lines.append(kind.latest.repeated(kind.kept - 1))
      kinds[event] = nil
    }
    return lines
  }
}
