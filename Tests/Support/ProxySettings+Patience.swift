package import ProxyCore

extension ProxySettings {
  /// Lets nothing time out while a test waits for its turn: many share a machine, sanitizers slow them down, and
  /// only some are about how long something may take.
  package mutating func bePatient() {
    queueTimeout = .seconds(60)
    timeToLive = .seconds(86_400)
  }
}
