/// Follows the rest of a request with a large argument, so that it can be sent on, or dropped, in the
/// pieces in which it comes. It keeps no bytes and looks at no payload.
package struct RequestRelay {
  package enum RelayVerdict: Equatable, Sendable {
    /// All bytes belong to the request, and more will come.
    case partial
    /// The request ends with the first `length` of these bytes.
    case complete(length: Int)
    /// The request goes on wrongly. What was sent on of it cannot be taken back.
    case refused(ProtocolError)
  }

  /// Of the payload at hand, the two bytes that end it included. 0: within a length line.
  private var payloadLeft: Int
  /// With the one at hand.
  private var argumentsLeft: Int
  private var line = LengthLine()

  init(payloadLength: Int, argumentsLeft: Int) {
    payloadLeft = payloadLength &+ 2
    self.argumentsLeft = argumentsLeft
  }

  /// What the next bytes are; each byte is given once. O(arguments that begin in them).
  package mutating func take(_ bytes: RawSpan) -> RelayVerdict {
    var offset = 0
    while true {
      if payloadLeft > 0 {
        let taken = min(payloadLeft, bytes.byteCount &- offset)
        payloadLeft &-= taken
        offset &+= taken
        if payloadLeft > 0 { return .partial }
        argumentsLeft &-= 1
      }
      if argumentsLeft <= 0 { return .complete(length: offset) }
      switch line.read(bytes, from: offset) {
      case .partial: return .partial
      case .tooLong: return .refused(.lengthLineTooBig)
      case .ends(let end):
        offset = end
        do throws(ProtocolError) {
          payloadLeft = try line.length(isAuthenticated: true) &+ 2
        } catch {
          return .refused(error)
        }
        line = LengthLine()
      }
    }
  }
}
