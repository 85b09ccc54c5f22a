/// Some of the strands.
package struct StrandSet: Sendable {
  private var bits: UInt8 = 0

  package init() {}

  package subscript(strand: CommandStrand) -> Bool {
    get { bits & 1 &<< strand.rawValue != 0 }
    set {
      let bit: UInt8 = 1 &<< strand.rawValue
      bits = newValue ? bits | bit : bits & ~bit
    }
  }
}
