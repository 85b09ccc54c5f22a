import Foundation
import TestSupport
import Testing

/// A folder mentions only types of folders below it.
@Suite struct RoomOrderTests {
  /// From the top down, as ARCHITECTURE.md draws them.
  static let rooms = [
    "proxyd/Entry", "proxyd", "proxyd/Top", "proxyd/Settings", "proxyd/Logs", "proxyd/System",
    "AdminFront", "HTTPFront", "RESPFront", "HTTP",
    "ProxyCore/Client", "ProxyCore/Proxy", "ProxyCore/Metrics", "ProxyCore/Log",
    "ProxyCore/Redis", "ProxyCore/Redis/Commands", "ProxyCore/Cache", "ProxyCore/Limiter",
    "ProxyCore/RESP", "ProxyCore/Loop", "ProxyCore/System", "ProxyCore/Bytes", "ProxyCore",
  ]

  private static func room(of file: SwiftFile) -> String {
    file.path.split(separator: "/").dropFirst().dropLast().joined(separator: "/")
  }

  @Test func `no folder mentions a type of one above it`() throws {
    let files = try SwiftFile.all("Sources")
    let rank = Dictionary(uniqueKeysWithValues: Self.rooms.enumerated().map { ($1, $0) })
    var homes: [String: Int] = [:]
    for file in files {
      let room = try #require(
        rank[Self.room(of: file)], "\(file.path) is in a room without a place")
      for type in file.types where type.isTopLevel && !type.isPrivate { homes[type.name] = room }
    }
    #expect(homes.count > 300)
    for file in files {
      guard let own = rank[Self.room(of: file)] else { continue }
      for name in file.mentions.sorted() {
        guard let home = homes[name], home < own else { continue }
        Issue.record("\(file.path) mentions \(name), which is above it, in \(Self.rooms[home])")
      }
    }
  }

  @Test func `the drawing has the same order`() throws {
    let text = try String(contentsOfFile: SourceTree.path("ARCHITECTURE.md"), encoding: .utf8)
    let section = try #require(text.components(separatedBy: "\n## The rooms\n").dropFirst().first)
    let drawing = try #require(section.components(separatedBy: "```").dropFirst().first)
    let names = drawing.split(separator: "\n").compactMap { line -> String? in
      let name = line.split(separator: " ").first.map(String.init)
      return name.flatMap { Self.rooms.contains($0) ? $0 : nil }
    }
    #expect(names == Self.rooms)
  }
}
