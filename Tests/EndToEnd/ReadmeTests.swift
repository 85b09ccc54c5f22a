import Foundation
import TestSupport
import Testing

@testable import Daemon

/// The commands that the README shows do what it says.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
struct ReadmeTests {
  private struct Command {
    let text: String
    /// What its output must have: a comment that begins with an arrow.
    let expected: String?

    init(_ line: Substring) {
      let parts = line.split(separator: "# → ", maxSplits: 1)
      text = String(line)
      expected = parts.count == 2 ? String(parts[1]) : nil
    }
  }

  /// Those that are not run here, by their beginnings, and why.
  private static let exceptions = [
    "make run": "it installs what is missing, builds, and serves until it is told to end",
    "make test": "it runs this test",
  ]

  private func commands() throws -> [Command] {
    let text = try SourceTree.text(of: "README.md")
    var isShell = false
    var isFenced = false
    var commands: [Command] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isShell = !isFenced && line == "```sh"
        isFenced.toggle()
      } else if isShell && !line.isEmpty {
        commands.append(Command(line))
      }
    }
    return commands
  }

  @Test func `commands of the README work, and print what it says`() throws {
    let adminPort = try Loopback.freePort()
    let hasAdmin = Setting.named("ADMIN_PORT") != nil
    let proxyd = try Proxyd(hasAdmin ? ["--admin-port", "\(adminPort)"] : [])
    let directory = try TemporaryDirectory.make()
    defer { TemporaryDirectory.remove(directory) }
    // Statuses of 400 and more are failures.
    try "fail\nsilent\nshow-error\n".write(
      toFile: directory + "/.curlrc", atomically: true, encoding: .utf8)
    let programs = try Proxyd.path().dropLast("/proxyd".count)
    let variables = [
      "CURL_HOME=\(directory)",
      "PATH=\(programs):\(ProcessInfo.processInfo.environment["PATH"] ?? "")",
    ]
    let commands = try commands()
    #expect(commands.count >= 15)
    var exceptionsUsed: Set<String> = []
    for command in commands {
      if let exception = Self.exceptions.keys.first(where: command.text.hasPrefix) {
        exceptionsUsed.insert(exception)
        continue
      }
      if !hasAdmin && command.text.contains(":9380/") { continue }
      let text = command.text.replacing("6380", with: "\(proxyd.port)")
        .replacing("8080", with: "\(proxyd.httpPort)").replacing("9380", with: "\(adminPort)")
      let (status, output) = try Proxyd.run(
        program: "sh", ["-c", "cd \"$0\" && \(text)\n", directory], variables: variables)
      #expect(status == 0, "\(command.text): \(output)")
      let errors = output.split(separator: "\n").filter { line in
        ["ERR ", "NOAUTH ", "WRONGTYPE ", "Could not connect"].contains(where: line.hasPrefix)
      }
      #expect(errors.isEmpty, "\(command.text): \(output)")
      if let expected = command.expected {
        #expect(output.contains(expected), "\(command.text): \(output)")
      }
    }
    #expect(
      exceptionsUsed == Set(Self.exceptions.keys), "what is not there any more is no exception")
  }

  @Test func `what the README and the documents link to is there`() throws {
    let link = try Regex(#"\]\(([^)#:]+)(#[^)]*)?\)"#)
    let documents = try SourceTree.documents()
    #expect(documents.contains("README.md") && documents.contains("docs/tuning.md"))
    for document in documents {
      let text = try SourceTree.text(of: document)
      let folder = document.split(separator: "/").dropLast().joined(separator: "/")
      for match in text.matches(of: link) {
        guard let target = match.output[1].substring else { continue }
        let path = SourceTree.path(folder.isEmpty ? String(target) : "\(folder)/\(target)")
        #expect(FileManager.default.fileExists(atPath: path), "\(document): \(target)")
      }
    }
  }

  @Test func `settings that the documents name are settings, with the defaults that they say`()
    throws
  {
    let row = try Regex(#"(?m)^\| (`[A-Z][A-Z_` ]+`) \| ([^|]+) \|"#)
    let defaults = Configuration()
    let readme = try SourceTree.text(of: "README.md")
    var count = 0
    for match in readme.matches(of: row) {
      guard let names = match.output[1].substring, let values = match.output[2].substring else {
        continue
      }
      let words = names.split { $0 == "`" || $0 == " " }
      let said = values.split(separator: " ")
      #expect(words.count == said.count, "\(names)")
      for (name, value) in zip(words, said) {
        guard let setting = Setting.named(String(name)) else {
          #expect(name.hasPrefix("ADMIN_") && Setting.named("ADMIN_PORT") == nil, "\(name)")
          continue
        }
        let text = setting.text(defaults)
        #expect((text.isEmpty ? "none" : text) == value, "\(name)")
        count += 1
      }
    }
    #expect(count >= 15)
  }
}

extension SourceTree {
  static func text(of file: String) throws -> String {
    try String(contentsOfFile: path(file), encoding: .utf8)
  }

  /// What is written for people.
  static func documents() throws -> [String] {
    let folders = ["", "docs/", "bench/"]
    return try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: path(folder)).filter {
        $0.hasSuffix(".md")
      }
      .map { folder + $0 }
    }
  }
}
