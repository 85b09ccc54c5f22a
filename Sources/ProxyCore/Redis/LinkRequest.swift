/// A request whose reply has not come.
struct LinkRequest: Equatable {
  let token: LinkToken
  var delivery: LinkDelivery
  /// How many bytes of requests came before it on its connection.
  let start: Int
}
