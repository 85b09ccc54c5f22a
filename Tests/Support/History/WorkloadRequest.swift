public import ProxyCore

/// A command, and what its reply says about each of its actions.
struct WorkloadRequest {
  /// What the reply looks like.
  enum Form {
    /// A status: the actions observe nothing.
    case status
    /// A value or null: what the first action, a get, observed.
    case value
    /// As many values as gets.
    case values
    /// 1 or 0: whether there was a value.
    case presence
    /// A status, or the error that there is no such key.
    case rename
  }

  let words: [String]
  let actions: [Action]
  let form: Form

  var label: String {
    words.map { $0.count > 40 ? WorkloadValue.name(of: Array($0.utf8)) : $0 }
      .joined(separator: " ")
  }

  /// What each action observed; nil where the reply is an error, which tells nothing. A reply that the
  /// command cannot have becomes a value that nobody wrote, and so a violation.
  func observations(in reply: RESPValue) -> [Observation]? {
    let nothing: [Observation] = Array(repeating: .nothing, count: actions.count)
    switch (form, reply) {
    case (.rename, .error(let error)) where error.message == "ERR no such key": return [.absent]
    case (_, .error): return nil
    case (.status, _) where reply.string == "OK": return nothing
    case (.rename, _) where reply.string == "OK": return [.present]
    case (.presence, .integer(1)): return [.present]
    case (.presence, .integer(0)): return [.absent]
    case (.value, .null), (.value, .bulkString): return [observed(reply)] + nothing.dropFirst()
    case (.values, .array(let values)) where values.count == actions.count:
      return values.map(observed)
    default: return [.value("?\(reply)")] + nothing.dropFirst()
    }
  }

  private func observed(_ reply: RESPValue) -> Observation {
    if reply.isNull { return .absent }
    guard case .bulkString(let bytes) = reply else { return .value("?\(reply)") }
    return .value(WorkloadValue.name(of: bytes))
  }
}

/// Values that are written once, of any length: `3.17`, or `3.17/200/xxx…` which is 200 bytes long, so
/// that a value of which a part is missing or strange is not taken for one that was written.
public enum WorkloadValue {
  /// A value of this name, so many bytes long if it is to be longer than its name.
  public static func text(name: String, length: Int) -> String {
    let head = "\(name)/\(length)/"
    guard length > head.utf8.count else { return name }
    return head + String(repeating: "x", count: length - head.utf8.count)
  }

  /// The name of a value; a strange one, beginning with `?`, where it is not whole.
  public static func name(of bytes: [UInt8]) -> String {
    let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let name = String(decoding: parts.first ?? [], as: UTF8.self)
    if parts.count == 1 { return name }
    let isWhole =
      parts.count == 3 && String(decoding: parts[1], as: UTF8.self) == "\(bytes.count)"
      && parts[2].allSatisfy { $0 == UInt8(ascii: "x") }
    return isWhole
      ? name : "?\(bytes.count) bytes: " + String(decoding: bytes.prefix(40), as: UTF8.self)
  }
}

/// A call and the commands that realise it. Either one command, or a transaction.
public struct WorkloadCall: Sendable {
  /// What is to be recorded.
  public let call: Call
  /// The commands, to be sent one after another over one connection.
  public let commands: [[String]]
  private let isTransaction: Bool
  private let isSplit: Bool
  private let requests: [WorkloadRequest]

  /// Where it `isSplit`, its actions may take effect at moments of their own.
  init(_ request: WorkloadRequest, isLoose: Bool = false, isSplit: Bool = false) {
    self.isSplit = isSplit
    call = Call(request.actions, label: request.label, isLoose: isLoose, namesAll: isLoose)
    commands = [request.words]
    isTransaction = false
    requests = [request]
  }

  init(transaction requests: [WorkloadRequest]) {
    let label = "MULTI; \(requests.map(\.label).joined(separator: "; ")); EXEC"
    call = Call(requests.flatMap(\.actions), label: label, isTransaction: true)
    commands = [["MULTI"]] + requests.map(\.words) + [["EXEC"]]
    isTransaction = true
    isSplit = false
    self.requests = requests
  }

  /// What is to be recorded, where its actions may take effect at moments of their own.
  public var calls: [Call] {
    isSplit ? call.actions.map { Call([$0], label: "\($0) of \(call.label)") } : [call]
  }

  /// What the replies say about each of `calls`.
  public func outcomes(
    _ replies: [RESPValue], refusals: Set<String> = WorkloadCall.refusals
  ) -> [Outcome] {
    let outcome = outcome(replies, refusals: refusals)
    guard isSplit else { return [outcome] }
    guard case .done(let observations) = outcome else {
      return call.actions.map { _ in outcome }
    }
    return observations.map { .done([$0]) }
  }

  /// What the replies, one a command, say about the outcome.
  ///
  /// An error leaves it unknown, unless it begins with a code in `refusals`: those are given only by
  /// servers and proxies that have done nothing.
  public func outcome(
    _ replies: [RESPValue], refusals: Set<String> = WorkloadCall.refusals
  ) -> Outcome {
    guard replies.count == commands.count, let last = replies.last else { return .unknown }
    if let error = last.failure, refusals.contains(error.code) { return .refused }
    if !isTransaction {
      return requests[0].observations(in: last).map { .done($0) } ?? .unknown
    }
    guard last.failure == nil else { return .unknown }
    guard let parts = last.elements, parts.count == requests.count else {
      return strange(last)
    }
    var observations: [Observation] = []
    for (request, part) in zip(requests, parts) {
      guard let observed = request.observations(in: part) else { return strange(last) }
      observations += observed
    }
    return .done(observations)
  }

  /// Codes of errors that are given before anything is done.
  public static let refusals: Set<String> = [
    "LOADING", "READONLY", "OOM", "MISCONF", "NOAUTH", "EXECABORT", "BUSY", "MASTERDOWN",
  ]

  private func strange(_ reply: RESPValue) -> Outcome {
    .done([.value("?\(reply)")] + call.actions.dropFirst().map { _ in .nothing })
  }
}
