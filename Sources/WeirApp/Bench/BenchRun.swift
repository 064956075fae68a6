import WeirBase
import WeirEngine
import WeirTelemetry

/// One measured run of a query: between the first read and the end of the last sink, the closing
/// watermark gone through and the trace written.
struct BenchRun {
    /// What a run cost and gave.
    struct Result {
        var seconds: Double
        /// User and system time of the whole process.
        var processorSeconds: Double
        var answer: BenchAnswer
        /// How many events were read.
        var events: UInt64
        var traceBytes: ByteCount
        var turns: TurnCount
        /// The most memory that the process had at once.
        var peakBytes: ByteCount
        /// The reading of `TickClock` from which the sources were paced.
        var start: UInt64
    }

    let options: RunOptions

    /// Runs once. It throws where the run does not come to its end.
    func run() throws -> Result {
        OwnProcess.resetPeak()
        var session = try RunSession(options)
        let outcome = try session.perform()
        if outcome.cause.name != "finished" { throw outcome.cause.exit }
        if let failure = outcome.recordingFailure { throw failure }
        let sinks = outcome.end.sinks
        let answer = BenchAnswer(
            rows: sinks.reduce(0) { $0 + $1.rows },
            folded: sinks.reduce(0) { $0 ^ (UInt64($1.unordered, radix: 16) ?? 0) })
        return Result(
            seconds: Double(outcome.end.durationNanoseconds) / 1e9,
            processorSeconds: Double(outcome.processorNanoseconds) / 1e9, answer: answer,
            events: outcome.end.events,
            traceBytes: outcome.trace.bytes, turns: outcome.end.turns,
            peakBytes: OwnProcess.peakBytes, start: outcome.clock.origin)
    }
}
