package import HTTP
internal import ProxyCore

/// How a front treats its clients.
package struct HTTPOptions: Sendable {
  package var settings = HTTPSettings()
  /// Without a password, serves only this machine, and only under names that are no stranger's.
  package var isProtected = true
  /// Names by which this machine is known beside its addresses and `localhost`.
  package var hostNames: [String] = []
  /// How long Redis may take to answer: 504 past it.
  package var redisTimeout = Duration.seconds(5)
  package var idleMax = Limits.httpIdleMax
  package var headMax = Limits.httpHeadMax
  package var bodyPeriod = Limits.httpBodyPeriod
  package var deliveryPeriod = Limits.httpDeliveryPeriod
  package var outputBytesMax = Limits.httpOutputBytesMax

  package init() {}

  /// The settings, with what follows from the others.
  var settingsInForce: HTTPSettings {
    var settings = settings
    if isProtected && settings.password.isEmpty { settings.hosts = .local(hostNames) }
    return settings
  }
}
