import TestSupport
import Testing

@testable import Daemon

@Suite struct ConfigurationFileTests {
  private func file(_ text: String) throws(ConfigurationError) -> ConfigurationFile {
    try ConfigurationFile(Array(text.utf8), path: "a.env")
  }

  @Test func `lines are names and values, comments or nothing`() throws {
    let entries = try file(
      "# HTTP_PORT=1\n\n  RESP_PORT = 2\t\r\nREDIS_PASSWORD=\"a #b='c' \"\nPASSWORD='x\"'\nHTTP_HOST=\"\n"
    ).entries
    #expect(
      entries.mapValues(\.text) == [
        "RESP_PORT": "2", "REDIS_PASSWORD": "a #b='c' ", "PASSWORD": "x\"", "HTTP_HOST": "\"",
      ])
    #expect(entries["RESP_PORT"]?.source == .file("a.env", line: 3))
    #expect(try file("").entries.isEmpty)
  }

  @Test(arguments: [
    (
      "RESP_PORT=1\nresp_port=2", "unknown setting \"resp_port\"; see proxyd --help (a.env, line 2)"
    ),
    (
      "\nexport RESP_PORT=1",
      "unknown setting \"export RESP_PORT\"; see proxyd --help (a.env, line 2)"
    ),
    ("=hush", "unknown setting \"\"; see proxyd --help (a.env, line 1)"),
    ("# a\n\nhush", "NAME=value is needed (a.env, line 3)"),
    ("PASSWORD=hush\nPASSWORD=hush", "PASSWORD: it was set in line 1 already (a.env, line 2)"),
    ("RESP_PORT=1\0", "a.env: it is not a text in UTF-8"),
  ])
  func `what makes no sense is one line that says where`(_ text: String, _ line: String) {
    #expect(throws: ConfigurationError.self) { try file(text) }
    do throws(ConfigurationError) {
      _ = try file(text)
    } catch {
      #expect(error.description == line)
    }
  }

  @Test func `bytes that are no text are refused`() {
    #expect(throws: ConfigurationError("a.env: it is not a text in UTF-8")) {
      try ConfigurationFile([0xFF, 0x0A], path: "a.env")
    }
  }

  @Test func `a bad value says on which line it is`() throws {
    let file = try file("\n\nCACHE_TTL=never\n")
    let error = try #require(throws: ConfigurationError.self) {
      try Configuration(flags: [:], environment: { _ in nil }, file: file)
    }
    #expect(error.description.hasSuffix("not \"never\" (a.env, line 3)"))
  }

  @Test func `the file that comes with it says what is so anyway`() throws {
    let path = SourceTree.path("config/proxyd.env")
    let bytes = try #require(try TextFile.read(path, limit: ConfigurationFile.bytesMax))
    let file = try ConfigurationFile(bytes, path: path)
    #expect(try Configuration(flags: [:], environment: { _ in nil }, file: file) == Configuration())
    #expect(Set(file.entries.keys) == Set(Setting.all.map(\.name)))
    // `proxyd --print-config > config/proxyd.env` brings it up to date.
    #expect(String(decoding: bytes, as: UTF8.self) == ConfigurationFile.text(of: Configuration()))
  }

  @Test func `random bytes are refused or read, never more`() {
    var random = SeededGenerator.forTest()
    let alphabet = Array("RESP_PORT=1\n\r #\"'=PASSWORD\u{0}é".utf8)
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0..<80, using: &random)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      let file = try? ConfigurationFile(bytes, path: "random")
      for (name, entry) in file?.entries ?? [:] {
        #expect(Setting.named(name) != nil && !entry.text.contains("\n"))
      }
    }
  }
}

@Suite struct ManualTests {
  @Test func `the manual names every setting, its default, and whether it reloads`() throws {
    let path = SourceTree.path("config/proxyd.8")
    let bytes = try #require(try TextFile.read(path, limit: 1 << 20))
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    for setting in Setting.all {
      let line = try #require(
        lines.first { line in
          line.hasPrefix(".BR ")
            && line.split { !$0.isLetter && $0 != "_" }.contains(Substring(setting.name))
        }, "\(setting.name)")
      if setting.dependsOnMachine || setting.isPart { continue }
      let value = setting.text(Configuration())
      let mark = setting.reloads ? "\"* (\(value))" : " (\(value))"
      let plain = setting.reloads ? "\(setting.name) \(mark)" : "\(setting.name) \"\(mark)"
      #expect(line.contains(plain), "\(setting.name)")
    }
  }
}
