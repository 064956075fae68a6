package import WeirBase
import WeirTelemetry

/// What a run takes of its machine, between two samples of it. The status line shows it.
package struct RunLoad: Equatable, Sendable {
    /// Cores in use by the whole process, the recorder and the screen included; nil where that is
    /// not told, as in traces of older builds.
    package var cores: Double?
    /// The memory in use; nil where that is not told.
    package var memory: ByteCount?
    /// How many workers were with a subtask, on average.
    package var busyWorkers = 0.0

    /// The load between two frames of a run, the older first. Between two frames of the same moment
    /// only the memory is known.
    package init(from old: SampleFrame, to new: SampleFrame) {
        memory = new.process?.residentBytes
        // Nanoseconds, as the states' times are.
        let span = Double(max(.zero, new.time - old.time).rawValue) * 1_000
        guard span > 0 else { return }
        for (before, after) in zip(old.stages, new.stages) {
            busyWorkers += Double(after.times.since(before.times).busy) / span
        }
        if let before = old.process?.processorNanoseconds,
            let after = new.process?.processorNanoseconds
        {
            cores = Double(after > before ? after - before : 0) / span
        }
    }
}
