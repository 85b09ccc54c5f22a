/// By which front a client has come.
package enum ClientFront: Sendable { case resp, http }
