internal import ProxyCore

/// How a front treats its clients.
package struct RESPOptions: Sendable {
  /// What `HELLO` says of the server.
  package var greeting: ServerGreeting
  /// What clients must give; nil: all clients are served, and AUTH goes to Redis.
  package var password: [UInt8]?
  /// Orders all of a client's commands against all, at the price of hits.
  package var ordersAll = false
  /// Answers MGET from memory: each element is coherent, but the set is no snapshot.
  package var cachesMultipleGets = false
  /// Without a password, serves only this machine.
  package var isProtected = true
  /// Closes clients that have been silent for longer; zero: never.
  package var idleTimeout = Duration.zero
  package var outputBytesMax = Limits.sessionOutputBytesMax
  package var identifiers = ClientIdentifiers()

  package init(greeting: ServerGreeting) { self.greeting = greeting }
}
