import Glibc
import Synchronization
package import WeirBase
import WeirEngine
package import WeirTelemetry

/// What a thread was about to note, and what it had noted, in memory that outlives its process.
///
/// It is a file that is mapped by the process that is killed and by the one that looks: what was
/// stored is there when the process is not. It is independent of the lanes, which are what is
/// tested: two bytes for each step say how far its note was. Every thread writes only the entries
/// of its own steps. A step costs a few stores and no call to the system.
package final class Witness: @unchecked Sendable {
    // Unchecked: the mapping is constant; each entry is written by the thread that has the step.

    /// The maximum of steps; those beyond are not witnessed. A child is killed long before.
    package static let maximumSteps = 1 << 19
    /// Two bytes for each step.
    private static let byteCount = 2 * maximumSteps

    /// How far the note of a step was; the raw value is what an entry holds.
    package enum Progress: UInt16, Comparable, Sendable {
        case unknown = 0
        /// The number was taken; the note may be there or not.
        case numbered = 1
        /// The note is there.
        case noted = 2
        /// The end of the turn was noted too.
        case ended = 3

        package static func < (left: Progress, right: Progress) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// What is known of a step: how far its note was, of which kind it is, and whose. The kind is
    /// nil where nothing is known.
    package struct Entry: Equatable, Sendable {
        package var progress: Progress
        package var kind: StepKind?
        package var subtask: SubtaskIndex
    }

    /// An entry for each step: progress in the lowest two bits, kind in four, the subtask's number
    /// in ten.
    private let words: UnsafeMutablePointer<UInt16>

    /// Maps the file at `path`; makes it when it is not there.
    package init(path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StressFailure("cannot open the witness \(path)") }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(Self.byteCount)) == 0,
            let memory = mmap(
                nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { throw StressFailure("cannot map the witness \(path)") }
        // A new file is all zeros: nothing is known of any step.
        words = memory.bindMemory(to: UInt16.self, capacity: Self.maximumSteps)
    }

    deinit { munmap(words, Self.byteCount) }

    /// Whether the run began; step 0 stands for it.
    package var hasStarted: Bool { words[0] != 0 }

    /// The run began: the parent may kill from now on.
    package func start() { words[0] = 1 }

    /// Stores how far the note of a step is, by the thread that has the step.
    func note(_ progress: Progress, step: Step, kind: StepKind, subtask: SubtaskIndex) {
        // Beyond the bound nothing is witnessed, and nothing can be claimed of such a step.
        guard step.count < Self.maximumSteps else { return }
        words[step.count] =
            progress.rawValue | UInt16(kind.rawValue) << 2 | min(subtask.rawValue, 0x3FF) << 6
    }

    /// The end of the step's turn was noted.
    func note(ended step: Step) {
        guard step.count < Self.maximumSteps else { return }
        words[step.count] |= Progress.ended.rawValue
    }

    /// What is known of a step.
    package func entry(_ step: Step) -> Entry {
        let word = step.count < Self.maximumSteps ? words[step.count] : 0
        return Entry(
            progress: Progress(rawValue: word & 3) ?? .unknown,
            kind: StepKind(rawValue: UInt8(word >> 2 & 0xF)), subtask: SubtaskIndex(word >> 6))
    }

    /// The last step of which anything is known.
    package var lastStep: Step {
        Step((1..<Self.maximumSteps).last { words[$0] != 0 } ?? 0)
    }
}

/// Something that the stress test needs did not work, or a check of its own failed. A difference
/// between run and replay is no such failure but an outcome.
package struct StressFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Notes of a live run that keep a witness, and check what holds at the beginning of every turn.
final class WitnessedNotes: LiveNotes, @unchecked Sendable {
    // Unchecked: everything is constant or locked.

    /// Keeps the notes.
    private let inner: LaneNotes
    private let witness: Witness?
    /// The first rule that was seen broken, in a sentence.
    private let broken = Guarded<String?>(nil)

    init(_ inner: LaneNotes, _ witness: Witness?) {
        self.inner = inner
        self.witness = witness
    }

    /// The first rule that was seen broken.
    var problem: String? { broken.withLock { $0 } }

    func reserve(_ slots: Int, _ turn: TurnContext) { inner.reserve(slots, turn) }
    func release(_ slots: Int, _ turn: TurnContext) { inner.release(slots, turn) }
    func reserveRest(parts: Int) { inner.reserveRest(parts: parts) }
    func tryReserveRest(parts: Int) -> Bool { inner.tryReserveRest(parts: parts) }
    func releaseRest(parts: Int) { inner.releaseRest(parts: parts) }
    var keepsRests: Bool { inner.keepsRests }

    func began(_ choice: Choice, _ turn: TurnContext) {
        if let subtask = turn.subtask, subtask.hasUnpublished {
            broken.withLock { found in
                found =
                    found ?? "step \(turn.step) \(subtask.name): a turn of kind "
                    + "\(choice.kind) begins over unpublished output"
            }
        }
        let subtask = turn.subtask?.index ?? 0
        witness?.note(.numbered, step: turn.step, kind: choice.kind, subtask: subtask)
        inner.began(choice, turn)
        witness?.note(.noted, step: turn.step, kind: choice.kind, subtask: subtask)
    }

    func ended(_ account: TurnAccount, _ turn: TurnContext) {
        inner.ended(account, turn)
        witness?.note(ended: turn.step)
    }

    func accessed(step: Step, cell: CellIndex, _ turn: TurnContext) {
        let subtask = turn.subtask?.index ?? 0
        witness?.note(.numbered, step: step, kind: .access, subtask: subtask)
        inner.accessed(step: step, cell: cell, turn)
        witness?.note(.noted, step: step, kind: .access, subtask: subtask)
    }

    func publishing(
        step: Step, outlet: ChannelIndex, offered: Int, _ turn: TurnContext,
        decide: () -> [DropRun.Outcome]?
    ) -> [DropRun.Outcome]? {
        let subtask = turn.subtask?.index ?? 0
        witness?.note(.numbered, step: step, kind: .publish, subtask: subtask)
        defer { witness?.note(.noted, step: step, kind: .publish, subtask: subtask) }
        return inner.publishing(
            step: step, outlet: outlet, offered: offered, turn, decide: decide)
    }

    func rested(step: Step, time: RunTime, state: () -> StateDigest) {
        inner.rested(step: step, time: time, state: state)
    }

    func found(_ incident: Incident) { inner.found(incident) }
    func logLane(worker: Int) -> LogLane? { inner.logLane(worker: worker) }
}
