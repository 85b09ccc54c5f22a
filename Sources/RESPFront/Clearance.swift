internal import ProxyCore

/// Where the request at the head of the line stands with Redis's permission.
enum Clearance {
  struct Question {
    let right: Right
    let user: [UInt8]?
    let ticket: UInt64
    /// Ends the wait for Redis. Of a client with an identity of its own nothing is known but by asking.
    let timer: TimerHandle?
  }

  case asked(Question)
  case given
  case refused([UInt8])
}
