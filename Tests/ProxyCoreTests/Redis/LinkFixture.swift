import TestSupport
import Testing

@testable import ProxyCore

/// A link on a loop that the test turns itself, and what it reports.
final class LinkFixture {
  let loop: EventLoop
  let link: LinkConnection
  private let recorder = LinkRecorder()

  var log: [String] { recorder.log }
  var losses: [RedisError.Reason] { recorder.losses }
  var failed: [FailedRequest] { recorder.failed }

  init(_ role: LinkRole, _ url: RedisURL) throws {
    loop = try EventLoop()
    let resolver = LoopResolver(try NameResolver(), on: loop)
    var profile = LinkProfile(role: role, url: url)
    profile.connectTimeout = .seconds(2)
    link = LinkConnection(profile, on: loop, resolver: resolver, owner: recorder)
    link.start(now: loop.now)
  }

  deinit { loop.shutDown() }

  /// Turns until `condition` holds, for some seconds at most.
  func turn(until condition: () -> Bool) {
    let end = Moment.now.advanced(by: .seconds(10))
    let pause = loop.schedule(at: end, Alarm(), token: 0)
    while !condition(), Moment.now < end { loop.turn() }
    loop.cancel(pause)
    #expect(condition(), "\(log) \(losses)")
  }

  /// Whatever the link comes to first.
  func outcome() -> RedisError.Reason? {
    turn { link.isReady || !losses.isEmpty }
    return losses.first
  }

  func submit(_ token: UInt64, _ delivery: LinkDelivery, _ words: String...) throws {
    var request = ByteBuffer()
    request.appendCommand(argumentCount: words.count)
    for word in words { request.appendArgument(bytes(word)) }
    try link.submit(LinkToken(token), delivery, request.bytes, now: loop.now)
  }

  func fill(_ token: UInt64, _ key: String) throws {
    let key = bytes(key)
    unsafe try link.submitFill(LinkToken(token), key: key.span.bytes, now: loop.now)
  }

  private final class Alarm: TimerTarget {
    func timerFired(_ token: Int, now: Moment) {}
  }
}

/// Writes down what a link reports.
private final class LinkRecorder: LinkOwner {
  private(set) var log: [String] = []
  private(set) var losses: [RedisError.Reason] = []
  private(set) var failed: [FailedRequest] = []

  func link(_ link: LinkConnection, reported event: LinkEvent, in bytes: RawSpan, now: Moment) {
    func text(_ range: Range<Int>) -> String { shown(bytes.extracting(range).array) }
    switch event {
    case .ready: log.append("ready")
    case .invalidated(let key): log.append("invalidated \(text(key))")
    case .filled(let token, .value(.shown(let range)), let lifetime):
      log.append("filled \(token.value) \(text(range)) \(lifetime)")
    case .piece(let piece) where piece.isLast: log.append("reply \(piece.token.value)")
    case .tree(let token):
      log.append("tree \(token.value) " + ((try? link.takeTree())?.description ?? "none"))
    default: log.append("\(event)")
    }
  }

  func linkLost(_ link: LinkConnection, because error: RedisError, now: Moment) {
    losses.append(error.reason)
  }

  func link(
    _ link: LinkConnection, failed request: FailedRequest, because error: RedisError, now: Moment
  ) {
    failed.append(request)
  }
}
