internal import Synchronization

/// Whether clients may manage the proxy, as far as Redis has said.
extension Proxy {
  package func noteRights(_ bits: UInt8, areRefused: Bool) {
    if areRefused {
      refusedRights.bitwiseOr(bits, ordering: .relaxed)
    } else {
      refusedRights.bitwiseAnd(~bits, ordering: .relaxed)
    }
  }

  package func refusesRights(_ bits: UInt8) -> Bool {
    refusedRights.load(ordering: .relaxed) & bits != 0
  }

  /// Whether Redis is not to be asked whether something is allowed: there is no way to it, or it has not answered
  /// such a question in time and was not heard since.
  package var cannotBeAsked: Bool {
    let unheard = unheardSince.load(ordering: .relaxed)
    if unheard != 0 && heardAt.load(ordering: .relaxed) <= unheard { return true }
    return !isConnected && lastFailure != nil
  }

  package func noteUnheard(now: Moment) { unheardSince.store(now.nanoseconds, ordering: .relaxed) }

  /// Whether Redis asks for a password that the proxy does not have, so that only clients' own links work.
  package var isLockedOut: Bool {
    if isConnected { return false }
    guard case .authenticationFailed? = lastFailure?.reason else { return false }
    return true
  }
}
