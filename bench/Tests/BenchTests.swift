import Testing

@testable import bench

@Suite struct BenchTests {
  @Test func `a median is in the middle`() {
    #expect(Results.median([3, 1, 2]) == 2)
    #expect(Results.median([4, 1, 2, 3]) == 2.5)
  }

  @Test func `ratios are taken within a round before their median`() {
    var results = Results(baseline: "a")
    for (a, b) in [(1.0, 2.0), (10.0, 30.0), (2.0, 8.0)] {
      results.add(.init(microsecondsPerRequest: a, requestsPerSecond: 5), load: "get", server: "a")
      results.add(.init(microsecondsPerRequest: b, requestsPerSecond: 5), load: "get", server: "b")
    }
    #expect(results.rows.map(\.ratio) == [1, 3])
    #expect(results.rows.map(\.microseconds) == [2, 8])
    let widths = results.table.split(separator: "\n").map(\.count)
    #expect(Set(widths).count == 1)
    #expect(results.json.contains("\"ratio\": 3.0"))
  }

  @Test func `numbers keep their digits`() {
    #expect(Results.text(5.1726, 3) == "5.173")
    #expect(Results.text(0.0301, 3) == "0.030")
    #expect(Results.text(98_765.4, 0) == "98765")
  }

  @Test func `the rate is read from the last line and a torn output has none`() {
    let csv = "\"test\",\"rps\",\"avg\"\n\"GET key:__rand_int__\",\"99009.90\",\"0.2\"\n"
    #expect(Load.rate(inCSV: csv) == 99_009.90)
    #expect(Load.rate(inCSV: "\"test\",\"rps\",\"avg\"\n") == nil)
    #expect(Load.rate(inCSV: "") == nil)
  }

  @Test(arguments: [1, 16, 64, 7]) func `requests are whole pipelines`(_ depth: Int) {
    let load = Load(.get, depth: depth, requestsAtDepthOne: 1_001)
    #expect(load.requests % depth == 0)
    #expect(load.requests >= 1_001)
  }

  @Test func `a command line that makes no sense says so`() throws {
    for words in [
      ["--rounds"], ["--rounds", "0"], ["--what", "1"], ["--baseline", "x"], ["--loads", "x"],
      ["--server", "x"], ["--server", "floor=x {port}"],
    ] {
      #expect(throws: Options.Misuse.self) { try Options(words) }
    }
    let options = try Options([
      "--server", "mine=./mine --port {port} --url a=b", "--depths", "1,4",
    ])
    #expect(options.custom == [.init(name: "mine", command: "./mine --port {port} --url a=b")])
    #expect(options.depths == [1, 4])
  }
}
