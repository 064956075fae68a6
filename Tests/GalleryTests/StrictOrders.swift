import Weir

// The example of the article *Writing pipelines*, word by word; a test compares them.

struct Order: Codable, Sendable {
    var item: String
    var quantity: Int
}

let strictOrders = Pipeline("strict-orders", summary: "Orders, and what was none") { flow in
    let (orders, malformed) = flow.readWithMalformed("orders", from: .jsonLines(as: Order.self))
    orders.filter("some") { $0.quantity > 0 }.write("accepted")
    malformed.write("refused") { "line \($0.line), column \($0.column ?? 0): \($0.reason)" }
}
