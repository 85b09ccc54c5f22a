internal import ProxyCore

/// How a front treats its clients.
package struct HTTPOptions: Sendable {
  package var settings = HTTPSettings()
  /// Without a password, serves only this machine.
  package var isProtected = true
  /// How long Redis may take to answer: 504 past it.
  package var redisTimeout = Duration.seconds(5)
  package var idleMax = Limits.httpIdleMax
  package var headMax = Limits.httpHeadMax
  package var bodyPeriod = Limits.httpBodyPeriod
  package var deliveryPeriod = Limits.httpDeliveryPeriod
  package var outputBytesMax = Limits.httpOutputBytesMax

  package init() {}
}
