/// The commands that are treated by name here, so that they are told apart without reading the
/// name again. The raw value is the name as in `CommandTable`.
package enum CommandVerb: String, Sendable, CaseIterable {
  case other = ""

  case get, mget, info, ping, wait, waitaof
  case multi, exec, discard, watch, unwatch
  case subscribe, psubscribe, ssubscribe, unsubscribe, punsubscribe, sunsubscribe
  case auth, hello, quit, reset, select
  case monitor, asking, readonly, readwrite
  case swapdb, flushall, flushdb, shutdown, move, debug

  case clientCaching = "client|caching"
  case clientGetName = "client|getname"
  case clientGetRedirect = "client|getredir"
  case clientID = "client|id"
  case clientDetails = "client|info"
  case clientKill = "client|kill"
  case clientList = "client|list"
  case clientNoEvict = "client|no-evict"
  case clientNoTouch = "client|no-touch"
  case clientPause = "client|pause"
  case clientReply = "client|reply"
  case clientSetDetails = "client|setinfo"
  case clientSetName = "client|setname"
  case clientTracking = "client|tracking"
  case clientTrackingDetails = "client|trackinginfo"
  case clientUnblock = "client|unblock"
  case clientUnpause = "client|unpause"

  case moduleLoad = "module|load"
  case moduleLoadWithArguments = "module|loadex"
  case moduleUnload = "module|unload"

  case scriptKill = "script|kill"
  case functionKill = "function|kill"
}
