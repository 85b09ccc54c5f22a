import Testing

@testable import ProxyCore

@Suite struct RedisURLTests {
  @Test(arguments: [
    ("redis://", RedisURL()),
    ("redis://h", RedisURL(host: "h")),
    ("REDIS://h:7/", RedisURL(host: "h", port: 7)),
    ("redis://h/5", RedisURL(host: "h", database: 5)),
    ("redis://[::1]:7000/2", RedisURL(host: "::1", port: 7000, database: 2)),
    ("redis://:pw@h", RedisURL(host: "h", password: "pw")),
    ("redis://bob:pw@h", RedisURL(host: "h", username: "bob", password: "pw")),
    ("redis://bob:p%40%2F%3A%25@h", RedisURL(host: "h", username: "bob", password: "p@/:%")),
    ("redis://bob:p@ss:w@h", RedisURL(host: "h", username: "bob", password: "p@ss:w")),
    ("redis://:@h", RedisURL(host: "h")),
    ("redis://a%62c:%C3%A4@h", RedisURL(host: "h", username: "abc", password: "ä")),
    ("redis://:6380", RedisURL(port: 6380)),
    ("redis://[fe80::1%25eth0]", RedisURL(host: "fe80::1%eth0")),
  ])
  func `the parts of a URL are found`(_ text: String, _ expected: RedisURL) throws {
    #expect(try RedisURL(text) == expected)
  }

  @Test(arguments: [
    ("", RedisURLError.Part.scheme), ("localhost:6379", .scheme), ("redis:h", .scheme),
    ("http://h", .scheme), ("rediss://h", .scheme), ("unix:/tmp/s", .scheme),
    ("redis://h:0", .port), ("redis://h:65536", .port), ("redis://h:x", .port),
    ("redis://h:06379", .port), ("redis://h:-1", .port), ("redis://h:99999999999999999999", .port),
    ("redis://h/x", .database), ("redis://h/-1", .database), ("redis://h/1/2", .database),
    ("redis://h/1000001", .database), ("redis://h/0?db=1", .query), ("redis://h#1", .query),
    ("redis://::1", .host), ("redis://[::1", .host), ("redis://[]", .host),
    ("redis://[::1]x", .host), ("redis://h h", .host), ("redis://h%0a", .host),
    ("redis://7%40", .host), ("redis://a%2Fb", .host), ("redis://a%3A7", .host),
    ("redis://a%25b", .host), ("redis://[::1%5D]", .host),
    ("redis://a%zz:b@h", .username), ("redis://a:b%4@h", .password), ("redis://a:%FF@h", .password),
    ("redis://bob@h", .password), ("redis://a:s3cr/et@h", .password),
  ])
  func `what is wrong is named by its part`(_ text: String, _ part: RedisURLError.Part) {
    let error = #expect(throws: RedisURLError.self) { try RedisURL(text) }
    #expect(error?.part == part)
  }

  @Test(arguments: [
    "redis://a:s3cr/et@h", "redis://a:s3cret%@h", "redis://a:s3cret@h:x", "redis://s3cret@h",
    "redis://a:s3cret@h/q", "redis://a:s3cret?@h", "redis://a:s3cret@[::1", "rediss://:s3cret@h",
  ])
  func `an error never shows the password`(_ text: String) {
    let error = #expect(throws: RedisURLError.self) { try RedisURL(text) }
    let told = error.map { $0.description + String(reflecting: $0) } ?? ""
    #expect(!told.isEmpty && !told.contains("s3c") && !told.contains("\n"))
  }

  @Test func `nothing that prints a URL shows the password`() throws {
    let url = try RedisURL("redis://bob:s3cret@[::1]:7/3")
    #expect(url.description == "redis://bob:***@[::1]:7/3")
    #expect(RedisURL(host: "h", password: "s3cret").description == "redis://:***@h:6379/0")
    #expect(RedisURL(host: "fe80::1%lo").description == "redis://[fe80::1%25lo]:6379/0")
    #expect(RedisURL(host: "a/b @").description == "redis://a%2Fb%20%40:6379/0")
    #expect(RedisURL(host: "h", username: "a b").description == "redis://a%20b@h:6379/0")
    var dumped = ""
    dump(url, to: &dumped)
    #expect(!dumped.contains("s3cret"))
    #expect(!String(reflecting: url).contains("s3cret"))
    #expect(url.server == "[::1]:7")
  }
}
