/// What is asked of a program: batches of one request over one kept connection.
struct Load {
  enum Front { case resp, http }

  let name: String
  let front: Front
  let request: String
  /// How many requests are sent at once.
  let depth: Int
  /// How many bytes answer one; nil: the answer ends with the value.
  let replyBytes: Int?
  let batches: Int

  var requests: Int { batches * depth }
  var batch: [UInt8] { Array(String(repeating: request, count: depth).utf8) }

  static let value = String(repeating: "v", count: 64)
  /// The counter has nine digits all the time.
  static let counter = "100000000"

  static let all = [
    Load(
      name: "resp-get-depth-1", front: .resp, request: get, depth: 1, replyBytes: 71,
      batches: 16_000),
    Load(
      name: "resp-get-depth-16", front: .resp, request: get, depth: 16, replyBytes: 71,
      batches: 2_000),
    Load(
      name: "resp-incr-depth-16", front: .resp, request: "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n",
      depth: 16, replyBytes: 12, batches: 800),
    Load(
      name: "http-get-depth-1", front: .http,
      request: "GET /k HTTP/1.1\r\nHost: localhost\r\n\r\n", depth: 1, replyBytes: nil,
      batches: 8_000),
  ]

  private static let get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
}
