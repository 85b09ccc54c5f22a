/// One scheduled deadline. It stays valid for ever: once fired or cancelled it merely names
/// nothing.
package struct TimerHandle: Equatable {
  let node: UInt32
  let generation: UInt32
}
