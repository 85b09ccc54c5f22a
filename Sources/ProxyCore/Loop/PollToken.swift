/// Which registration an event is for: epoll's 64 data bits.
///
/// A descriptor's number, and with it the slot, is used again as soon as it is free. The
/// registration number is not: it tells an event that was meant for the previous user from one for
/// the present.
struct PollToken: Equatable {
  let slot: UInt32
  let registration: UInt32

  init(slot: UInt32, registration: UInt32) {
    self.slot = slot
    self.registration = registration
  }

  init(bits: UInt64) {
    slot = UInt32(truncatingIfNeeded: bits)
    registration = UInt32(truncatingIfNeeded: bits >> 32)
  }

  var bits: UInt64 { UInt64(registration) << 32 | UInt64(slot) }
}
