/// Where the sources are, for tests of files that come with them.
public enum SourceTree {
  /// The path of a file, which is given from the repository's root on.
  public static func path(_ file: String) -> String {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/") + "/" + file
  }
}
