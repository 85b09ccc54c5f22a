/// The versions of the protocol.
package enum RESPVersion: UInt8, Sendable {
  case two = 2
  case three = 3
}
