/// The receiving end of a mailbox, as a loop sees it.
protocol MailSource: AnyObject {
  /// Delivers a bounded number of messages. Returns whether some are left.
  func deliver(now: Moment) -> Bool
  /// Delivers all that has arrived and refuses the rest.
  func finish(now: Moment)
  /// Refuses and forgets.
  func close()
}
