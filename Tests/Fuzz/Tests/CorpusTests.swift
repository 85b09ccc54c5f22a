import Foundation
import FuzzTargets
import TestSupport
import Testing

/// What fuzzers began with and what they found, without a fuzzer.
@Suite(.serialized) struct CorpusTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `every input of the corpus is taken`(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let corpus = Self.folder.appending(path: "Corpus/\(name)")
    let files = try FileManager.default.contentsOfDirectory(atPath: corpus.path)
    #expect(files.count > 3)
    for file in files.sorted() {
      let input = try Data(contentsOf: corpus.appending(path: file))
      #expect(input.count <= 4_096, "\(file) is no seed")
      target.run(Array(input))
    }
    let dictionary = Self.folder.appending(path: "Dictionaries/\(name).dict").path
    #expect(FileManager.default.fileExists(atPath: dictionary))
  }

  /// As a fuzzer does it, but without looking at what the program does.
  @Test(arguments: FuzzTarget.all.map(\.name))
  func `random changes of the corpus are taken`(_ name: String) throws {
    var generator = SeededGenerator.forTest()
    let target = try #require(FuzzTarget.named(name))
    let corpus = Self.folder.appending(path: "Corpus/\(name)")
    let seeds = try FileManager.default.contentsOfDirectory(atPath: corpus.path).sorted().map {
      Array(try Data(contentsOf: corpus.appending(path: $0)))
    }
    for _ in 0..<100 {
      var input = try #require(seeds.randomElement(using: &generator))
      if Bool.random(using: &generator) {
        input += try #require(seeds.randomElement(using: &generator))
      }
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !input.isEmpty {
        let place = Int.random(in: 0..<input.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: input[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: input.remove(at: place)
        default: input.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
      }
      target.run(input)
    }
  }
}
