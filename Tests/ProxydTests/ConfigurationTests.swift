import Testing

@testable import proxyd

@Suite struct ConfigurationTests {
  private func configuration(
    _ words: [String] = [], _ variables: [String: String] = [:]
  ) throws(ConfigurationError) -> Configuration {
    try Configuration(flags: Invocation(words).flags) { variables[$0] }
  }

  @Test func `nothing said leaves the defaults`() throws {
    let plain = try configuration([], ["RESP_PORT": "", "OTHER": "x"])
    #expect(plain == Configuration())
    #expect(plain.respHost == "127.0.0.1" && plain.respPort == 6380 && plain.threads >= 1)
  }

  @Test func `flags beat the environment, which beats the defaults`() throws {
    let variables = ["RESP_PORT": "7000", "RESP_HOST": "::1", "THREADS": "3"]
    let mixed = try configuration(["--resp-port", "8000", "--threads=2"], variables)
    #expect(mixed.respPort == 8_000 && mixed.respHost == "::1" && mixed.threads == 2)
    #expect(try configuration(["--resp-port=1", "--resp-port=2"]).respPort == 2)
    #expect(try configuration(["--resp-port=1"], ["RESP_PORT": "bad"]).respPort == 1)
  }

  @Test(arguments: [
    ("RESP_PORT", "65536"), ("RESP_PORT", "-1"), ("RESP_PORT", "+1"), ("RESP_PORT", "1 "),
    ("HTTP_PORT", "x"), ("RESP_PORT", "٣"), ("THREADS", "0"), ("THREADS", "1025"),
    ("HTTP_WRITES", "yes"), ("HTTP_MAX_AGE", "-1"), ("HTTP_CORS_ORIGIN", "https://a/b"),
    ("REDIS_TIMEOUT", "0"),
    ("THREADS", "99999999999999999999"), ("THREADS", "two"),
  ])
  func `a bad value is one line that names the variable`(_ name: String, _ value: String) throws {
    let error = try #require(throws: ConfigurationError.self) {
      try configuration([], [name: value])
    }
    let line = error.description
    #expect(line.hasPrefix("\(name): ") && !line.contains("\n"))
    let setting = try #require(Setting.all.first { $0.name == name })
    #expect(throws: error) { try configuration([setting.flag, value]) }
  }

  @Test func `one front may be off, and not both`() throws {
    #expect(try configuration(["--http-port=0"]).httpPort == 0)
    #expect(try configuration(["--resp-port=0"]).respPort == 0)
    let error = try #require(throws: ConfigurationError.self) {
      try configuration(["--resp-port=0", "--http-port=0"])
    }
    #expect(error.description.hasPrefix("HTTP_PORT and RESP_PORT: "))
  }

  @Test(arguments: ["--what", "x", "--RESP-PORT", "--", "-", "", "--resp-port\n"])
  func `an unknown argument is one line that names it`(_ word: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try configuration([word, "1"]) }
    let line = error.description
    #expect(line.contains(word.debugDescription) && !line.contains("\n"))
  }

  @Test func `a flag without its value says which`() {
    #expect(throws: ConfigurationError("RESP_PORT: --resp-port needs a value")) {
      try configuration(["--resp-port"])
    }
  }

  @Test func `what is asked for is found among flags`() throws {
    #expect(try Invocation(["--threads", "1", "--check"]).action == .check)
    #expect(try Invocation(["--version", "--what"]).action == .version)
    #expect(try Invocation(["--check", "--help", "--what"]).action == .help)
    #expect(try Invocation([]).action == .run)
  }

  @Test func `the help names every setting and its default`() {
    for setting in Setting.all {
      #expect(Invocation.help.contains(setting.flag))
      #expect(Invocation.help.contains("[\(setting.text(Configuration()))]"))
    }
    for line in Invocation.help.split(separator: "\n") { #expect(line.count <= 100) }
  }

  @Test func `what is shown can be read again`() throws {
    let original = try configuration([
      "--resp-port=1", "--resp-host=::1", "--threads=9", "--http-port=2", "--http-writes=on",
      "--http-max-age=60", "--http-cors-origin=https://a,https://b", "--redis-timeout=3",
    ])
    var again = Configuration()
    for setting in Setting.all { try setting.apply(setting.text(original), &again) }
    #expect(again == original)
  }
}
