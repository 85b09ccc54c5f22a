/// What one client asks about the clients of all loops, or wants done to them.
struct ClientSurvey: Sendable {
  enum Purpose: Sendable {
    /// To show them: in the order of `ids`, or in which they have come where there are none.
    case list(ids: [Int])
    /// To end them. `countsThem`: the number is told, rather than whether there was one.
    case kill(countsThem: Bool)
    /// To end what Redis keeps a client waiting for, by an error or as if its time were over.
    case unblock(byError: Bool)
    /// To have invalidations sent to a client: by which number does Redis know it?
    case redirect(ClientSurvey.TrackingRequest)
  }

  let purpose: Purpose
  let filter: ClientFilter
  /// The client that asks.
  let asker: Int
}

extension ClientSurvey {
  /// `CLIENT TRACKING … REDIRECT id`.
  struct TrackingRequest: Sendable {
    var words: [[UInt8]] = []
    /// Which of the words is the id, and the number that it is.
    var place = 0
    var id = 0
    var isOn = false
  }
}
