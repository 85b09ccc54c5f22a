import Testing

/// Where a type is found, and by which name.
@Suite struct NamingTests {
  @Test func `a type is in a file of its name`() throws {
    for file in try SwiftFile.all("Sources") {
      for type in file.types where type.isTopLevel && !type.isPrivate {
        #expect(type.name == file.subject, "\(file.path) declares \(type.name)")
      }
    }
  }

  /// A fetch is a flight to the cache and to a key's home.
  private static let sharedNames: Set = ["Flight"]

  @Test func `no two types have the same name`() throws {
    var homes: [String: String] = [:]
    for file in try SwiftFile.all("Sources") {
      for type in file.types where !Self.sharedNames.contains(type.name) {
        let other = homes.updateValue(file.path, forKey: type.name)
        #expect(other == nil, "\(type.name) is declared in \(file.path) and \(other ?? "")")
      }
    }
  }
}
