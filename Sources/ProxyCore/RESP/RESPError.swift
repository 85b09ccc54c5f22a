/// An error reply, as Redis sent it: a code in capitals, then a sentence.
///
/// ```swift
/// do {
///   _ = try await redis.send("INCR", "name")
/// } catch let error as RESPError where error.code == "WRONGTYPE" {
///   // `name` is not a number
/// }
/// ```
public struct RESPError: Error, Hashable, Sendable {
  /// The whole text, which may hold any bytes: `ERR no such key`.
  public let bytes: [UInt8]

  /// An error with the text in `bytes`, its code first.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// An error with this text, its code first: `ERR no such key`.
  public init(_ message: String) { bytes = Array(message.utf8) }

  /// The first word: `ERR`, `WRONGTYPE`, `NOAUTH`. O(length of the word).
  public var code: String {
    String(decoding: bytes.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
  }

  /// The whole text; bytes that are not UTF-8 are replaced. O(n).
  public var message: String { String(decoding: bytes, as: UTF8.self) }
}

extension RESPError: CustomStringConvertible {
  /// For people: the message.
  public var description: String { message }
}
