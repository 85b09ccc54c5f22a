/// What `proxyd top` was asked for.
struct TopOptions: Equatable {
  /// Where the admin listener is; nil: where the settings say.
  var address: String?
  /// Whether one frame is enough.
  var isOnce = false
}
