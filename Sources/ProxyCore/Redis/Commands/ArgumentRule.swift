/// What a command's arguments decide beyond where its keys stand.
enum ArgumentRule: UInt8, Sendable {
  case none
  /// It reads, or makes others read, keys that it does not name.
  case keyspace
  /// Its keys cannot be known.
  case untold
  /// EVAL and its kind: no keys are as good as some, and it may touch others.
  case script
  /// SCRIPT LOAD, which may refuse a script as EVAL does.
  case scriptLoad
  case sort
  case streams
  case geoStore
  case migrate
  case getEx
  case bitField
  case copy

  /// The rule for the command called `name`, in lower case.
  init(name: String) {
    self =
      switch name {
      // A publisher's listeners read what it wrote before.
      case "keys", "scan", "randomkey", "dbsize", "publish", "spublish": .keyspace
      case "eval", "evalsha", "fcall", "eval_ro", "evalsha_ro", "fcall_ro": .script
      case "script|load": .scriptLoad
      case "sort", "sort_ro": .sort
      case "xread", "xreadgroup": .streams
      case "georadius", "georadiusbymember": .geoStore
      case "migrate": .migrate
      case "getex": .getEx
      case "bitfield": .bitField
      case "copy": .copy
      default: .none
      }
  }
}
