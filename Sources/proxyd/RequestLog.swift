internal import Glibc
internal import ProxyCore

/// `ACCESS_LOG`, as it is in force.
struct RequestLog {
  private let log: Log
  private let server: Server
  private var place = AccessLogPlace.off
  private var access: AccessLog?
  /// Of a file; standard error is the log's own.
  private var writer: LineWriter?

  init(_ log: Log, of server: Server) {
    self.log = log
    self.server = server
  }

  mutating func begin(_ configuration: Configuration) throws(Server.StartFailure) {
    do throws(ConfigurationError) {
      try set(configuration.accessLog, configuration.logFormat)
    } catch {
      throw Server.StartFailure(description: error.description, isMisconfiguration: true)
    }
  }

  /// Writes requests down there from now on. A file is opened again even if it is the same: it may have
  /// been moved away. Where that fails, all stays as it is.
  mutating func set(_ place: AccessLogPlace, _ format: LogFormat) throws(ConfigurationError) {
    var target: LineTarget?
    if case .file(let path) = place { target = try Self.open(path) }
    if place == self.place && (access == nil || access?.format == format) {
      if let target { writer?.write(onto: target) }
      return
    }
    var writer: LineWriter?
    if case .file(let path) = place, let target {
      writer = try Self.writer(onto: target, of: path, log)
    }
    let chosen = writer ?? (place == .off ? nil : log.writer)
    let access = chosen.map { AccessLog(format, workers: server.workerCount, writer: $0) }
    server.setAccessLog(access)
    close()
    self.place = place
    self.access = access
    self.writer = writer
  }

  /// Writes what waits, as far as that can be done in a moment. No request may be written down after that.
  func close() {
    access?.retire()
    writer?.close()
  }

  private static func open(_ path: String) throws(ConfigurationError) -> LineTarget {
    do throws(SystemError) {
      return try .file(path)
    } catch {
      throw ConfigurationError("ACCESS_LOG: \(path) cannot be written: \(error.reason)")
    }
  }

  private static func writer(
    onto target: LineTarget, of path: String, _ log: Log
  ) throws(ConfigurationError) -> LineWriter {
    let writer = LineWriter(onto: target, pause: Limits.accessLogPause)
    do throws(SystemError) {
      try writer.start(name: "proxyd-access") { log.tell($0, ofFile: path) }
      return writer
    } catch {
      throw ConfigurationError("ACCESS_LOG: no thread can be started: \(error.reason)")
    }
  }
}

extension Log {
  /// Says what becomes of a file that requests are written to.
  fileprivate func tell(_ news: LineWriter.WriterNews, ofFile path: String) {
    let file = LogField("file", path)
    switch news {
    case .lost(let count):
      warning(
        .accessLogLost, "ACCESS_LOG: \(count) requests came too fast to be written to \(path)",
        file, LogField("lost", count))
    case .failed(let error):
      warning(
        .accessLogFailed,
        "ACCESS_LOG: \(path) cannot be written: \(error.reason); requests are lost until it can",
        file, LogField("reason", error.reason))
    case .recovered(let lost):
      notice(
        .accessLogRecovered, "ACCESS_LOG: \(path) is written again; \(lost) requests were lost",
        file, LogField("lost", lost))
    }
  }
}

extension SystemError {
  /// For people, without the call.
  fileprivate var reason: String { unsafe String(cString: strerror(code)) }
}
