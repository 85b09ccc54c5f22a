/// What becomes of clients, for those who tell people.
package enum ClientNews: Sendable {
  /// There are as many as may be: this one was turned away.
  case tooMany(SocketAddress?, limit: Int)
  /// It comes from elsewhere, and there is no password.
  case stranger(SocketAddress?)
  /// It has left too much unread, and was cut off.
  case unread(SocketAddress?)
  /// It has sent too much of a request, when all together had, and was refused.
  case unfinished(SocketAddress?)
}
