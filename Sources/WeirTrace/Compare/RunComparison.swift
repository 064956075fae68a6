package import WeirBase
import WeirTelemetry

/// Compares two traces of one plan in one pass over both, step by step and then by name.
///
/// Memory is bounded: what one run has and the other not yet waits in queues of
/// `TraceBounds.maximumComparedTurns` entries together; where the runs go further apart than that,
/// comparing by name ends there and says so. Used once, by one thread.
package struct RunComparison {
    private var result = RunDifference()
    private var subtasks: [AheadTurns]
    private var cells: [AheadAccesses]
    /// How many turns and accesses wait for the other run.
    private var waiting = 0

    /// The turns of a subtask that one of the runs has had and the other not.
    private struct AheadTurns {
        var a = Queue<RunDifference.Turn>()
        var b = Queue<RunDifference.Turn>()
        /// How many turns each run has begun, which makes their ordinals.
        var begun: (a: UInt64, b: UInt64) = (0, 0)
    }

    private struct AheadAccesses {
        var a = Queue<RunDifference.Access>()
        var b = Queue<RunDifference.Access>()
        /// Whether the order has differed: from there on only their number counts.
        var isOver = false
    }

    private enum Side { case a, b }

    /// A comparison of two runs with this header, before their first steps.
    init(_ header: RunHeader) {
        result.subtasks = header.subtasks.map { .init(name: "\($0.stage)/\($0.index)") }
        result.cells = header.cells.map { .init(name: $0) }
        subtasks = header.subtasks.map { _ in AheadTurns() }
        cells = header.cells.map { _ in AheadAccesses() }
    }

    /// The difference of two traces. They must be of one plan. `onProgress` is told now and then to
    /// which step both were read; false ends the comparison, and nil is given.
    package static func difference(
        _ a: Trace, _ b: Trace, onProgress: (Step) -> Bool = { _ in true }
    ) throws -> RunDifference? {
        precondition(a.header.plan == b.header.plan, "two plans are compared")
        let (left, right) = (JoinedSteps(a), JoinedSteps(b))
        return try difference(
            RunComparison(a.header),
            comparesDigests: a.header.digests != nil && a.header.digests == b.header.digests,
            left.next, right.next, onProgress)
    }

    /// The difference of two schedules, of which each call of `left` and `right` gives the next
    /// step, and nil behind the last.
    static func difference(
        _ comparison: RunComparison, comparesDigests: Bool, _ left: () throws -> JoinedStep?,
        _ right: () throws -> JoinedStep?, _ onProgress: (Step) -> Bool = { _ in true }
    ) throws -> RunDifference? {
        var comparison = comparison
        while true {
            let (one, other) = (try left(), try right())
            if one == nil, other == nil { break }
            comparison.compare(one, other, comparesDigests)
            if let one { comparison.take(one, .a) }
            if let other { comparison.take(other, .b) }
            let step = (one ?? other)?.note.step ?? 0
            if step.isMultiple(of: 65_536), !onProgress(step) { return nil }
        }
        comparison.finish()
        return comparison.result
    }

    // MARK: Step by step

    private mutating func compare(
        _ a: JoinedStep?, _ b: JoinedStep?, _ comparesDigests: Bool
    ) {
        if let a { result.lastSteps.a = a.note.step }
        if let b { result.lastSteps.b = b.note.step }
        guard result.first == nil else { return }
        guard let a, let b else {
            result.first = (a?.note, b?.note)
            return
        }
        if Self.isSame(a, b) {
            let isSameValue =
                Self.gives(a, theSameAs: b)
                && (!comparesDigests || a.note.digest == b.note.digest)
            if isSameValue {
                result.equalSteps += 1
                return
            }
            result.isFirstOfValue = true
        }
        result.first = (a.note, b.note)
    }

    /// Whether two steps are the same decision; times are nobody's.
    private static func isSame(_ a: JoinedStep, _ b: JoinedStep) -> Bool {
        a.note.kind == b.note.kind && a.note.subtask == b.note.subtask
            && a.note.port == b.note.port && a.note.count == b.note.count
            && a.note.turn == b.note.turn && a.words == b.words
    }

    private static func gives(_ a: JoinedStep, theSameAs b: JoinedStep) -> Bool {
        guard let one = a.end, let other = b.end else { return true }
        return a.emitted == b.emitted && one.accesses == other.accesses
            && (one.sample == nil || other.sample == nil || one.sample == other.sample)
    }

    // MARK: By name

    private mutating func take(_ step: JoinedStep, _ side: Side) {
        let note = step.note
        guard note.kind != .rest, note.kind != .void, note.kind != .publish,
            note.subtask.isWithin(subtasks)
        else { return }
        if note.kind == .access { return access(note, side) }
        let turn = RunDifference.Turn(
            step: note.step, kind: note.kind, inlet: note.channel, count: note.count,
            emitted: step.emitted, accesses: step.end?.accesses ?? 0, sample: step.end?.sample)
        begin(turn, of: note.subtask.offset, side)
    }

    private mutating func begin(_ turn: RunDifference.Turn, of index: Int, _ side: Side) {
        let other: RunDifference.Turn?
        switch side {
        case .a:
            subtasks[index].begun.a += 1
            result.subtasks[index].turns.a += 1
            other = subtasks[index].b.popFirst()
            if other == nil, hasRoom(turn.step) { subtasks[index].a.append(turn) }
        case .b:
            subtasks[index].begun.b += 1
            result.subtasks[index].turns.b += 1
            other = subtasks[index].a.popFirst()
            if other == nil, hasRoom(turn.step) { subtasks[index].b.append(turn) }
        }
        guard let other, result.bound == nil else { return }
        waiting -= 1
        let (a, b) = side == .a ? (turn, other) : (other, turn)
        // Whoever is behind is the one that came now.
        let ordinal = side == .a ? subtasks[index].begun.a : subtasks[index].begun.b
        if !a.takesTheSame(as: b) {
            result.subtasks[index].othersTaken += 1
        } else if !a.givesTheSame(as: b) {
            result.subtasks[index].othersGiven += 1
        } else {
            return
        }
        if result.subtasks[index].first == nil { result.subtasks[index].first = (ordinal, a, b) }
    }

    private mutating func access(_ note: StepNote, _ side: Side) {
        let index = note.cell.offset
        guard note.cell.isWithin(cells) else { return }
        let begun = subtasks[note.subtask.offset].begun
        let access = RunDifference.Access(
            step: note.step, subtask: note.subtask, turn: side == .a ? begun.a : begun.b)
        var other: RunDifference.Access?
        switch side {
        case .a:
            result.cells[index].accesses.a += 1
            if cells[index].isOver { return }
            other = cells[index].b.popFirst()
            if other == nil, hasRoom(note.step) { cells[index].a.append(access) }
        case .b:
            result.cells[index].accesses.b += 1
            if cells[index].isOver { return }
            other = cells[index].a.popFirst()
            if other == nil, hasRoom(note.step) { cells[index].b.append(access) }
        }
        guard let other, result.bound == nil else { return }
        waiting -= 1
        if access.subtask == other.subtask, access.turn == other.turn {
            result.cells[index].equal += 1
            return
        }
        let (a, b) = side == .a ? (access, other) : (other, access)
        end(index, a, b)
    }

    /// The order of a cell's accesses differs from here on.
    private mutating func end(
        _ index: Int, _ a: RunDifference.Access?, _ b: RunDifference.Access?
    ) {
        result.cells[index].first = (a, b)
        waiting -= cells[index].a.count + cells[index].b.count
        cells[index] = AheadAccesses(isOver: true)
    }

    /// Whether one more may wait; where it may not, comparing by name ends.
    private mutating func hasRoom(_ step: Step) -> Bool {
        if result.bound != nil { return false }
        guard waiting < TraceBounds.maximumComparedTurns else {
            result.bound = step
            return false
        }
        waiting += 1
        return true
    }

    /// Both runs are over: what still waits is on one side only.
    private mutating func finish() {
        guard result.bound == nil else { return }
        for index in cells.indices where !cells[index].isOver {
            let (a, b) = (cells[index].a.popFirst(), cells[index].b.popFirst())
            if a != nil || b != nil { end(index, a, b) }
        }
    }
}

/// A queue over an array.
private struct Queue<Element> {
    private var elements: [Element] = []
    /// The index of the first that was not taken.
    private var start = 0

    var count: Int { elements.count - start }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard start < elements.count else { return nil }
        defer {
            start += 1
            // Moving what is left costs less than it saves once half of the room is free.
            if start * 2 >= elements.count {
                elements.removeFirst(start)
                start = 0
            }
        }
        return elements[start]
    }
}

/// The steps of a trace with the ends of their turns, one after the other.
private final class JoinedSteps {
    private let cursor: ScheduleCursor
    private var joiner = TurnJoiner()
    private var ready: [JoinedStep] = []
    private var start = 0
    private var isOver = false

    init(_ trace: Trace) { cursor = trace.schedule() }

    func next() throws -> JoinedStep? {
        while start >= ready.count, !isOver {
            ready.removeAll(keepingCapacity: true)
            start = 0
            if let batch = try cursor.next() {
                try joiner.add(batch) { ready.append($0) }
            } else {
                isOver = true
                try joiner.finish { ready.append($0) }
            }
        }
        guard start < ready.count else { return nil }
        defer { start += 1 }
        return ready[start]
    }
}
