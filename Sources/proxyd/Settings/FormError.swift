internal import ProxyCore

/// What is wrong with a text.
struct FormError: Error {
  let problem: String

  init(_ problem: String) { self.problem = problem }
}
