import WeirBase
import WeirTelemetry

extension Trace {
    /// What came of rewriting a trace.
    package struct Rewritten: Equatable, Sendable {
        package var steps: UInt64
        /// Where and why reading stopped, when it stopped at damage.
        package var damage: TraceError?
    }

    /// Rewrites what is whole of a trace into a finished file, and what its lanes hold behind it.
    ///
    /// Reads up to the first damage. The new file's checksums, index and summary are its own; its
    /// schedule has the same chain. The old file and its lanes stay as they are. Streams: one
    /// chunk is in memory at a time.
    package static func recover(
        path: String, to output: String, overwrite: Bool = false
    ) throws(TraceError) -> Rewritten {
        let trace = try openDamaged(path: path)
        if trace.isRecording {
            throw TraceError(
                .usage, "\(path) is still being recorded by another process. Wait for its end")
        }
        let writer = try TraceWriter(path: output, header: trace.header, overwrite: overwrite)
        var rewritten = Rewritten(steps: 0, damage: trace.store.current.damage)
        let cursor = trace.batches()
        do throws(TraceError) {
            while let batch = try cursor.next() {
                rewritten.steps += UInt64(batch.schedule.steps.count)
                try writer.write(batch)
            }
        } catch {
            guard error.code == .damaged else { throw error }
            rewritten.damage = error
        }
        if rewritten.damage == nil {
            try writer.write(trace.recoveredTail)
            rewritten.steps += UInt64(trace.tail.schedule.steps.count)
        }
        if let end = trace.end, rewritten.damage == nil, trace.isEndWhole {
            try writer.finish(end)
        } else {
            try writer.finish(
                rewrittenFrom: trace.tail.inFlight,
                telemetryKnownBefore: trace.telemetryKnownBefore())
        }
        return rewritten
    }
}
