/// Over which kind of link Redis was asked.
package enum LinkKind: UInt8, CaseIterable, Sendable {
  case fill, shared, pinned, control

  var place: Int { Int(rawValue) }
}
