import WeirBase
import WeirEngine
import WeirTelemetry

@testable import WeirReplay

extension ReplaySession {
    /// Everything that the session says of its step, a line for each thing.
    func told() throws -> [String] {
        var lines = ["step \(position) of \(lastStep)"]
        if let divergence { lines.append("divergence \(divergence)") }
        lines += cells.map { "\($0.name) = \($0.value)" }
        let (entries, omitted) = try states(limit: 9)
        lines += entries.map { value in
            "\(value.name) = \(value.value)" + (value.asOfTurn.map { " as of \($0)" } ?? "")
        }
        lines.append("omitted \(omitted)")
        for queue in queues(messages: 2) {
            lines.append(
                "queue \(queue.channel) \(queue.depth)/\(queue.capacity) "
                    + "unpublished \(queue.unpublished) \(queue.oldest)")
        }
        for subtask in subtasks {
            lines.append(
                "subtask \(subtask.name) turns \(subtask.turns) in \(subtask.recordsIn) out "
                    + "\(subtask.recordsOut) at \(subtask.watermark) done \(subtask.isDone)"
                    + (subtask.openTurn.map { " open \($0)" } ?? ""))
        }
        for facts in watermarks {
            lines.append("watermark \(facts.subtask) held by \(facts.holder?.channel ?? "none")")
            lines += facts.inputs.map {
                "input \($0.channel) \($0.state) \($0.watermark) sent \($0.sent) \($0.depth)"
            }
        }
        lines += try runnable().map { "runnable \($0.subtask) \($0.work)" }
        lines += openTurns.map { "open \($0.subtask) \($0.turn) \($0.next)" }
        return try lines + toldOfThePast()
    }

    /// The books, the incidents and what was written last.
    private func toldOfThePast() throws -> [String] {
        let books = self.books
        var lines = [
            "books taken \(books.taken) held \(books.held) queued \(books.queued) drained "
                + "\(books.isDrained)"
        ]
        lines += books.drops.map { "dropped \($0.stage) \($0.reason.rawValue) \($0.count)" }
        lines += books.imbalances.map { "imbalance \($0)" }
        lines += (books.operators + books.channels).map {
            "account \($0.name) \($0.taken) = \($0.handled) + \($0.dropped) + \($0.held)"
        }
        lines += incidents.map { "\($0.kind) \($0.step) \($0.time) \($0.message)" }
        let watched = cells.map { ($0.id, $0.name) }
        let entries = try states(limit: 2).entries.map { ($0.id, $0.name) }
        for (id, name) in watched + entries {
            lines.append("last write of \(name) \(try lastWrite(id).map { "\($0)" } ?? "none")")
            for access in try history(of: id, limit: 3) {
                lines.append(
                    "access \(access.step) of \(access.turn) by \(access.subtask) "
                        + "\(access.isWrite ? "writes" : "leaves") \(access.value ?? "nothing")")
            }
        }
        return lines
    }
}

extension ReplayReport {
    /// Everything that the replay came to, a line for each thing. Without the digest of all, which
    /// depends on how a recording was cut into batches.
    var told: [String] {
        Mirror(reflecting: self).children.compactMap { child in
            let label = child.label ?? ""
            return label == "digest" ? nil : "\(label) \(child.value)"
        }
    }
}
