/// The command that was looked up last, since pipelines mostly repeat theirs: what it is, if the name of up
/// to eight bytes and the place of its only key say all about it. That key comes first, so that no word
/// before it names a subcommand. For as long as the table is the same.
struct RecentCommand {
  private var head: UInt64 = 0
  private var length = 0
  private var spec = CommandSpec.unknown

  func spec(named name: RawSpan) -> CommandSpec? {
    name.byteCount == length && name.foldedWord(at: 0) == head ? spec : nil
  }

  mutating func note(_ spec: CommandSpec, named name: RawSpan) {
    guard spec.singleKey == 1 && name.byteCount > 0 && name.byteCount <= 8 else { return }
    self.spec = spec
    length = name.byteCount
    head = name.foldedWord(at: 0)
  }
}
