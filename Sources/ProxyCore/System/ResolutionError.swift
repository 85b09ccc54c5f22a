internal import CLinux
internal import Glibc

/// A host name that could not be turned into an address.
package struct ResolutionError: Error, Equatable, CustomStringConvertible {
  package let host: String
  package let code: Int32

  package var description: String {
    "cannot resolve \(host): \(unsafe String(cString: gai_strerror(code)))"
  }
}
