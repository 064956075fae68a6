package import WeirBase

import WeirEngine
package import WeirTelemetry
import WeirTrace

/// A recorded schedule, read ahead no further than the ends of turns need.
///
/// The director takes its steps in order with `peek` and `advance`; `ComparedNotes` asks `takeEnd`
/// for what a turn did when it was recorded. A turn's end lies behind its beginning in the trace,
/// sometimes some batches behind: these are read ahead and wait. What is held is so bounded by how
/// long turns were open, by the next rest point, at which none was, and by `maximumAhead`. Owned by
/// whoever has the baton.
package final class RecordedSchedule: ReplaySchedule {
    /// The maximum number of steps that are read ahead for the end of a turn, 1,048,576; there may
    /// be a batch more. An end that lies further on counts as missing: the turn is not compared,
    /// which the report says.
    static let maximumAhead = 1 << 20

    /// The next batch of the trace; nil at its end.
    private let nextBatch: () throws -> ScheduleBatch?
    /// The batch whose steps are given now.
    private var batch = ScheduleBatch()
    /// The index in it of the next step.
    private var index = 0
    /// Batches that were read for their ends and whose steps come later.
    private var ahead: [ScheduleBatch] = []
    /// The steps of `ahead`.
    private var aheadCount = 0
    /// The last step that was passed over; the ends of turns up to it are nobody's.
    private var skipped: Step = 0
    /// The last rest point of all batches that were read. Ends of turns before it do not come any
    /// more: a batch with a rest point has all that are still missing.
    private var lastRest: Step = 0
    /// Ends that were read and not taken yet, by their turns' steps.
    private var ends: [Step: ReadEnd] = [:]
    /// The last step of all batches that were read.
    private var lastRead: Step = 0
    private var isExhausted = false
    /// The turns in flight when the run died, each with its last noted access or publish; 0 for
    /// none.
    private let flights: [Step: Step]
    package let hasDigests: Bool

    /// What a turn did when it was recorded, as its end note says.
    package struct RecordedEnd: Equatable, Sendable {
        package var accesses: UInt32
        package var sample: UInt64?
        package var emitted: [UInt32]
    }

    /// An end as it was read. Its counts stay where they were read: of most ends of a page that a
    /// replica begins in the middle of, nobody asks.
    private struct ReadEnd {
        var note: EndNote
        var emitted: ArraySlice<UInt32>
    }

    /// A schedule whose batches `nextBatch` gives. `flights` are the turns in flight when the run
    /// died, each with its last noted access or publish (0 for none). `hasDigests` says that its
    /// digests have the form that this build computes.
    package init(
        flights: [Step: Step], hasDigests: Bool,
        nextBatch: @escaping () throws -> ScheduleBatch?
    ) {
        self.flights = flights
        self.hasDigests = hasDigests
        self.nextBatch = nextBatch
    }

    /// A schedule that is in memory.
    package convenience init(_ batches: [ScheduleBatch]) {
        var rest = batches[...]
        self.init(flights: FlightFinder.flights(in: batches), hasDigests: true) {
            rest.popFirst()
        }
    }

    /// Passes over the steps up to `step`, which are in the first batch or come before it, and over
    /// the ends of their turns: nobody asks for them.
    func skip(through step: Step) throws {
        assert(lastRead == 0, "steps are passed over in a schedule that was read to \(lastRead)")
        skipped = step
        while try hasStep(), batch.steps[index].step <= step {
            // Most often the whole batch, or all of it but its end, is passed over at once.
            if let last = batch.steps.last, last.step <= step {
                index = batch.steps.count
            } else {
                index += 1
            }
        }
    }

    /// Whether there is a next step, which is then the one at `index` of `batch`.
    private func hasStep() throws -> Bool {
        while index == batch.steps.count {
            if ahead.isEmpty {
                guard try readBatch(), !ahead.isEmpty else { return false }
            }
            batch = ahead.removeFirst()
            aheadCount -= batch.steps.count
            index = 0
        }
        return true
    }

    package func peek() throws -> ScheduledStep? {
        guard try hasStep() else { return nil }
        let note = batch.steps[index]
        return ScheduledStep(note: note, words: Array(batch.words(of: note)))
    }

    package func advance() {
        precondition(index < batch.steps.count, "a schedule goes on behind its last step")
        index += 1
    }

    package func isInFlight(_ turn: Step) -> Bool { flights[turn] != nil }

    package func lastAccess(of turn: Step) -> Step? {
        guard let step = flights[turn], step > 0 else { return nil }
        return step
    }

    /// What the turn of a step did; nil when its end was not recorded. It is forgotten then. For an
    /// end that is missing it reads ahead to the next rest point, or as far as it may.
    package func takeEnd(of turn: Step) throws -> RecordedEnd? {
        // Asked first: the whole rest of the trace would be read for an end that cannot be there.
        if isInFlight(turn) { return nil }
        while ends[turn] == nil, lastRest <= turn, aheadCount < Self.maximumAhead {
            guard try readBatch() else { break }
        }
        return ends.removeValue(forKey: turn).map { end in
            RecordedEnd(
                accesses: end.note.accesses, sample: end.note.sample, emitted: Array(end.emitted))
        }
    }

    private func readBatch() throws -> Bool {
        guard !isExhausted, let next = try nextBatch() else {
            isExhausted = true
            return false
        }
        try follow(next)
        ends.reserveCapacity(ends.count + next.ends.count)
        // The turns up to there were passed over.
        for end in next.ends where end.step > skipped {
            guard ends[end.step] == nil else {
                throw TraceError(.damaged, "the turn of step \(end.step) ends twice")
            }
            ends[end.step] = ReadEnd(note: end, emitted: next.emitted(of: end))
        }
        ahead.append(next)
        aheadCount += next.steps.count
        return true
    }

    /// Goes on behind what was read so far. A page of a file is believed by itself, so that two of
    /// them may contradict each other; the first may begin anywhere.
    private func follow(_ next: ScheduleBatch) throws {
        guard let first = next.steps.first, let last = next.steps.last else { return }
        guard first.step > lastRead else {
            throw TraceError(
                .damaged, "step \(first.step) comes behind step \(lastRead) in the schedule")
        }
        guard lastRead == 0 || first.step == lastRead.next else {
            throw TraceError(
                .damaged,
                "step \(lastRead.next) is missing: the schedule goes on with \(first.step)")
        }
        lastRead = last.step
        lastRest = next.steps.last { $0.kind == .rest }?.step ?? lastRest
    }
}

/// Finds the turns that were in flight when a run died.
///
/// A turn is in flight only if it has no end note, is its subtask's last, and no rest point
/// follows: others ended, and their end notes were lost with the lanes. A caller adds all batches
/// of a schedule in order and asks for `flights`.
package struct FlightFinder {
    /// Turns that may be in flight, by step, with their last noted access or publish.
    private var open: [Step: (subtask: SubtaskIndex, access: Step)] = [:]
    /// The last turn of each subtask.
    private var lastTurn: [SubtaskIndex: Step] = [:]

    package init() {}

    package mutating func add(_ batch: ScheduleBatch) {
        for note in batch.steps {
            switch note.kind {
            case .access, .publish: open[note.turn]?.access = note.step
            // No turn was open at a rest point.
            case .rest: open.removeAll()
            case .void: break
            default:
                if let previous = lastTurn[note.subtask] { open[previous] = nil }
                lastTurn[note.subtask] = note.step
                open[note.step] = (note.subtask, 0)
            }
        }
        for end in batch.ends { open[end.step] = nil }
    }

    /// Each turn in flight with its last noted access or publish, 0 for none.
    package var flights: [Step: Step] { open.mapValues(\.access) }

    /// The turns in flight of a trace with their last noted access or publish.
    static func flights(of trace: Trace) throws -> [Step: Step] {
        // A file may name a turn twice.
        var flights = Dictionary(
            trace.turnsInFlight.map { ($0.step, Step.start) }, uniquingKeysWith: { $1 })
        guard !flights.isEmpty else { return [:] }
        try trace.forEachSchedule { batch in
            for note in batch.steps
            where (note.kind == .access || note.kind == .publish) && flights[note.turn] != nil {
                flights[note.turn] = note.step
            }
        }
        return flights
    }

    package static func flights(in batches: [ScheduleBatch]) -> [Step: Step] {
        var finder = FlightFinder()
        for batch in batches { finder.add(batch) }
        return finder.flights
    }
}
