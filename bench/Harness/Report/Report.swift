import Foundation

/// What a whole run came to: all that is in `results.json`, and all that plots and tables are made of.
struct Report: Codable, Equatable {
  var machine: Machine
  var run: Run
  /// Of the programs that took part, by the names that the tables give them.
  var versions: [String: String]
  var chapters: [Chapter]

  /// When it was, and how busy the machine was with other things.
  struct Run: Codable, Equatable {
    var date: String
    var loadAverageBefore: Double
    var minutes: Double
    var isQuick: Bool
    var rounds: Int
    /// Of each round at depth 1, from redis-benchmark; deeper pipelines send more.
    var requests: Int
  }

  /// What belongs together: a section, and a plot.
  struct Chapter: Codable, Equatable {
    var id: String
    var title: String
    var about: String
    var figures: [Figure]
  }

  /// One thing that was measured of several servers.
  struct Figure: Codable, Equatable {
    var title: String
    var metric: Metric
    /// Whether it stands in the README and in plots; the rest is for those who look closer.
    var isHeadline: Bool
    var series: [Series]
  }

  /// One server's measurements, one a round.
  struct Series: Codable, Equatable {
    var server: Server
    var samples: [Double]

    var median: Double { samples.isEmpty ? 0 : Results.median(samples) }
  }

  static func decode(_ json: String) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(json.utf8))
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}

/// Who takes part, in the order of the tables' columns.
enum Server: String, Codable, CaseIterable {
  case floor, proxyd, redis, nutcracker, envoy, nginx, webdis

  /// As it is known to people.
  var title: String {
    switch self {
    case .redis: "redis-server"
    case .nutcracker: "twemproxy"
    case .envoy: "Envoy"
    default: rawValue
    }
  }
}

/// What a number is of.
enum Metric: String, Codable {
  case microseconds, requestsPerSecond, redisMicroseconds, redisGetsPerRequest, redisGets
  case kibibytesPerConnection, milliseconds, mebibytes

  var unit: String {
    switch self {
    case .microseconds: "CPU µs a request"
    case .requestsPerSecond: "requests a second"
    case .redisMicroseconds: "Redis CPU µs a request"
    case .redisGetsPerRequest: "GETs at Redis a request"
    case .redisGets: "GETs at Redis"
    case .kibibytesPerConnection: "KiB a connection"
    case .milliseconds: "ms"
    case .mebibytes: "MiB"
    }
  }

  var isBetterMore: Bool { self == .requestsPerSecond }
}

extension Double {
  /// With three digits that count, thousands apart: `0.547`, `5.47`, `98,700`.
  var shown: String {
    guard self >= 0.0005, isFinite else { return "0" }
    if self < 100 { return Results.text(self, self < 1 ? 3 : self < 10 ? 2 : 1) }
    var unit = 1.0
    while self / unit >= 1_000 { unit *= 10 }
    let digits = "\(Int((self / unit).rounded() * unit))"
    var groups: [Substring] = []
    var rest = digits[...]
    while !rest.isEmpty {
      groups.insert(rest.suffix(3), at: 0)
      rest = rest.dropLast(3)
    }
    return groups.joined(separator: ",")
  }

  /// With five digits that count: more is noise, and makes files long.
  var rounded5: Double {
    guard self != 0, isFinite else { return self }
    var scale = 1.0
    while abs(self) * scale < 10_000 { scale *= 10 }
    return (self * scale).rounded() / scale
  }
}
