internal import ProxyCore

/// What a client needs Redis's permission for, although the proxy does it itself. Before it does, it asks Redis
/// for something harmless that takes the same permission.
enum Right: UInt8 {
  /// `INFO proxy` and `PROXY STATS`.
  case inform
  /// All else that `PROXY` does: as `SLOWLOG` does, it shows what others ask for.
  case maintain
  case list, kill, unblock

  /// What Redis is asked. Where a client is named by its user, Redis knows whether there is that one.
  ///
  /// No client has the greatest number there is, so that nothing is done to anybody.
  func question(_ user: [UInt8]?) -> [UInt8] {
    var words: [String] =
      switch self {
      case .inform: ["INFO", "proxy"]
      case .maintain: ["SLOWLOG", "LEN"]
      case .list: ["CLIENT", "LIST", "ID", "\(Int.max)"]
      case .kill: ["CLIENT", "KILL", "ID", "\(Int.max)"]
      case .unblock: ["CLIENT", "UNBLOCK", "\(Int.max)"]
      }
    if self == .kill && user != nil { words.append("USER") }
    var request = ByteBuffer()
    let user = self == .kill ? user : nil
    request.appendCommand(argumentCount: words.count + (user == nil ? 0 : 1))
    for word in words { request.appendArgument(Array(word.utf8)) }
    if let user { request.appendArgument(user) }
    return request.bytes.array
  }

  /// Whether an error says that the client may not do this. Others say that this Redis does not know the
  /// question: before 6.2, `CLIENT LIST` had no `ID`.
  func isRefused(by error: RESPError, _ user: [UInt8]?) -> Bool {
    if error.code == "NOAUTH" || error.code == "NOPERM" { return true }
    switch self {
    case .inform, .maintain: return false
    case .list, .kill, .unblock:
      return user != nil || error.message.hasPrefix("ERR unknown command")
    }
  }

  var bit: UInt8 { 1 << rawValue }
}
