import Foundation
import Testing
import WeirTelemetry
import WeirTrace

/// A shipped trace.
func shipped(_ name: String) throws -> Trace {
    let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return try Trace.open(path: "/\(project)/traces/orders/\(name).mcap")
}

/// A trace written again with something changed in it, for as long as `body` looks at it.
func withRewritten(
    _ trace: Trace, _ change: (inout RecordBatch) -> Void = { _ in },
    end changeEnd: (inout RunEnd) -> Void = { _ in }, _ body: (Trace) throws -> Void
) throws {
    let path = NSTemporaryDirectory() + "weir-rewritten-\(UUID().uuidString).mcap"
    defer { unlink(path) }
    let writer = try TraceWriter(path: path, header: trace.header, overwrite: false)
    let batches = trace.batches()
    while var batch = try batches.next() {
        change(&batch)
        try writer.consume(batch)
    }
    var end = try #require(trace.end)
    changeEnd(&end)
    try writer.finish(end)
    try body(try Trace.open(path: path))
}
