/// Every bound of the library in one place. A buffer, queue, table or wait that is not listed here must
/// not exist; `checkRelations` holds what the bounds owe to each other.
package enum Limits {
}
