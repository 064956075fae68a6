import ArgumentParser
import WeirBase
import WeirEngine
import WeirReplay
import WeirTelemetry
import WeirTrace

/// `weir renote`: for those who change what digests are made of.
///
/// A trace whose digests have an older form can be replayed and not verified. This computes them
/// anew by a replay, and writes the trace again with them; everything else stays as it was. What
/// the replay does is taken for what the run did, so that it is only right for a trace that the
/// build before the change found identical. It is not shown in the help, as it is a tool of the
/// project's own.
struct RenoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renote",
        abstract: "Compute the digests of an older trace anew, by a replay.", shouldDisplay: false)

    @Argument(help: "The trace.")
    var trace: String

    @Option(help: "Where the new trace goes; nothing may be there.")
    var output: String

    /// Replays the trace, keeps the digests of each rest point and sampled turn, and copies the
    /// trace with those instead of the old ones.
    func run() throws {
        let trace = try Trace.open(path: trace)
        // The final state's digest stands in the end: without one there is nothing to put it into.
        guard trace.isComplete, var end = trace.end else {
            throw CommandFailure.usage(
                "\(PrintableText.escaped(trace.path)) has no end", "Name the trace of a whole run")
        }
        let pipeline = try Program.pipeline(named: trace.header.pipeline)
        var rests: [Step: StateDigest] = [:]
        var samples: [Step: UInt64] = [:]
        var options = ReplayRun.Options()
        // By step, as batches of the trace name them.
        options.onRest = { rests[$0] = $1 }
        options.onSample = { samples[$0] = $1 }
        let report = try ReplayRun(trace, pipeline, options).run()
        // A replay that does something else than the run cannot say what the run's digests would
        // have been.
        if let divergence = report.divergence {
            Output.standard(DivergenceText.text(divergence, trace))
            throw ExitCodeOnly(code: 3)
        }
        var header = trace.header
        header.digestForm = (header.digests ?? .current).rawValue
        end.note(report.state, names: report.partNames)
        // A new file, so that the old trace is there to compare with.
        let writer = try TraceWriter(path: output, header: header, overwrite: false)
        let batches = trace.batches()
        while var batch = try batches.next() {
            renote(&batch.schedule, rests, samples)
            try writer.consume(batch)
        }
        try writer.finish(end)
    }

    /// Puts the new digests into a batch. A step that the replay gave no digest for keeps what it
    /// has.
    private func renote(
        _ schedule: inout ScheduleBatch, _ rests: [Step: StateDigest],
        _ samples: [Step: UInt64]
    ) {
        for index in schedule.steps.indices where schedule.steps[index].kind == .rest {
            guard let state = rests[schedule.steps[index].step] else { continue }
            let markers = state.markers.map { UInt64($0) }
            schedule.steps[index].digest = state.whole
            // The words of the old digest stay in the batch and are just not referred to any more.
            schedule.steps[index].words =
                schedule.words.count..<schedule.words.count + markers.count
            schedule.words.append(contentsOf: markers)
        }
        for index in schedule.ends.indices {
            schedule.ends[index].sample = samples[schedule.ends[index].step]
        }
    }
}

extension RunEnd {
    /// Notes the final state and its parts.
    mutating func note(_ state: StateDigest, names: [String]) {
        stateDigest = state.whole.hexadecimal
        parts = zip(names, state.parts).map { PartDigest(part: $0, digest: $1.hexadecimal) }
    }
}
