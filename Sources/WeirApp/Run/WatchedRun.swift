import WeirBase
import WeirEngine
import WeirMonitor

/// A run as whoever may have to end it sees it, from outside and without waiting.
///
/// `RunSession` hands it to `EndingWatch`. Everything here may be asked by any thread at any time,
/// and is answered from counters, because the workers whose run it is may hang.
struct WatchedRun: Sendable {
    /// What was asked for.
    let options: RunOptions
    let execution: Execution
    let outside: LiveOutside
    let recording: RunRecording
    /// Monotonic nanoseconds.
    let started: UInt64
    /// Sinks that write to standard output.
    let standardOutputs: Set<String>
    /// The screen that has the terminal; nil where none has.
    let screen: RunScreen?
    /// Where notices for the screen go.
    let feed: ScreenFeed

    /// Whether nothing is left but to come to an end: the sources ended, or the run was stopped.
    var isDraining: Bool { execution.isDraining || execution.isStopping }

    /// A number that changes as long as turns, calls or writes get on. Its value means nothing.
    var progress: UInt64 { execution.activity &+ outside.writtenBytes.rawValue }

    /// Whether whoever reads standard output is what the run waits for.
    var isHeldByReader: Bool {
        outside.longWrites(atLeast: AppBounds.heldWriteNanoseconds)
            .contains { standardOutputs.contains($0.sink) }
    }

    /// What does not come back, for a sentence: calls and writes that have gone on for this many
    /// nanoseconds, else the subtasks whose output has no room.
    func hangs(atLeast nanoseconds: UInt64) -> [String] {
        let calls = execution.longCalls(atLeast: nanoseconds).map(\.words)
        let writes = outside.longWrites(atLeast: nanoseconds).map {
            "sink \($0.sink) has been writing for \(Figures.seconds($0.nanoseconds)) s"
        }
        // What is blocked is blocked by one of those, and only named where none of them is known.
        if !(calls + writes).isEmpty { return calls + writes }
        let blocked = execution.blockedSubtasks
        if blocked.isEmpty { return [] }
        return ["no room for the output of " + blocked.joined(separator: ", ")]
    }

    /// Tells whoever looks: on the screen where there is one, else on standard error.
    func say(_ text: String, _ call: LongCall) {
        guard screen != nil else { return Output.error("weir: note: \(text)\n") }
        feed.offer(
            Notice(
                severity: .warning, step: call.step, time: outside.clock.now,
                origin: call.subtask, text: text))
    }
}
