package import WeirBase
import WeirTelemetry

/// State shared between subtasks: the only way there is.
///
/// Made with `flow.sharedCell(_:initial:)`. This value is a handle: each run has a cell of its own,
/// which the closure's turn leads to. Each `update` or `read` is a step of the total order: it
/// takes its number inside the cell's lock, is recorded, and a replay gives the cell to the same
/// subtasks in the same order. Call both from operators' closures only; elsewhere they trap.
///
/// The closure is short: it cannot emit, wait, or touch another cell (that traps, naming both). An
/// access costs a lock and a note, and a turn that makes one may have to wait for the cell.
public struct SharedCell<Value: Codable & Sendable>: Sendable {
    /// The cell's name, as screens and traces show it.
    public let name: String
    let index: Int

    /// Runs `body` on the value with the cell to itself; one step. An error that `body` throws
    /// passes through, and what it changed stays.
    ///
    /// Read and then write in *one* call: between two calls any other subtask may come.
    public func update<Result>(
        _ body: (inout Value) throws -> Result
    ) rethrows -> Result {
        let storage = begin()
        defer { storage.end() }
        return try body(&storage.value)
    }

    /// The value at this step; it may be another one at the next. A step like `update`: what is
    /// read depends on the order.
    public func read() -> Value { update { $0 } }

    /// The running execution's cell, entered. Whoever calls it calls `end`.
    private func begin() -> CellStorage<Value> {
        guard let turn = TurnContext.current, turn.subtask != nil else {
            preconditionFailure("cell \(name) was touched outside an operator's closure")
        }
        // Through the base class: a cast between classes is the fast one, and each access makes it.
        let cell: CellBase = turn.execution.cells[index]
        guard let storage = cell as? CellStorage<Value> else {
            preconditionFailure("cell \(name) belongs to another pipeline")
        }
        storage.begin(turn)
        return storage
    }
}

/// A cell in one run, without the type of its value.
package typealias AnyCell = CellBase & CellValue

/// What all cells have: an index, a name and a lock.
///
/// An access is `begin`, the user's closure, `end` of the storage, and `finish`. Between `begin`
/// and `finish` the lock is held, in a replay the baton.
package class CellBase: @unchecked Sendable {
    // Unchecked: the value, `turn` and `step` belong to who holds the lock (in a replay: the
    // baton).

    package let index: CellIndex
    package let name: String
    let lock = ConditionLock()
    /// The turn that has the cell; nil while nobody has.
    fileprivate var turn: TurnContext?
    /// The step of the access that is open, or was last.
    fileprivate var step: Step = 0

    init(index: CellIndex, name: String) {
        self.index = index
        self.name = name
    }

    /// Takes the cell for a turn: room, lock, number, note. Number and note are inside the lock, so
    /// that the order of the numbers is the order of the accesses, and the note comes before the
    /// closure, so that a trap inside it is known.
    fileprivate func begin(_ turn: TurnContext) {
        if let open = turn.openCell {
            preconditionFailure(
                "cell \(name) was touched inside a closure of cell \(open.name): "
                    + "take what is needed from one first, then touch the other")
        }
        let running = turn.subtask?.chain.running
        let before = running?.wait(forCell: index) ?? 0
        step = turn.execution.scheduler.beginExclusive(
            lock, slots: 1, purpose: .cell(index), turn)
        running?.resumeBehindCell(before)
        assert(self.turn == nil, "cell \(name) is given to a turn and another one has it")
        assert(
            step >= turn.step,
            "step \(step) of cell \(name) lies before its turn, which began at \(turn.step)")
        turn.execution.notes.accessed(step: step, cell: index, turn)
        // Only from here on: a turn that waits for a cell has none.
        turn.openCell = self
        turn.accesses += 1
        turn.lastAccess = step
        self.turn = turn
    }

    /// Tells of conditions that begin not to hold, and gives the cell back. They are told inside
    /// the lock, so that violations of one cell come in the order of its accesses.
    fileprivate func finish(_ violations: [String]) {
        guard let turn else { preconditionFailure("cell \(name) was left without being entered") }
        self.turn = nil
        turn.openCell = nil
        let step = step
        for name in violations { turn.execution.violated(name, step: step, turn) }
        turn.execution.scheduler.endExclusive(lock, purpose: .cell(index), turn)
    }
}

/// What a cell holds. Its digest is that of the value, and of samples of the values before.
package protocol CellValue: SavablePart {
    /// The value, for a debugger. At a rest point, or in a replay.
    var anyValue: Any { get }
}

extension CellValue {
    /// The digest by itself. Made anew each time: only one value is coded.
    package func digest() -> UInt64 {
        var hash = StableHash()
        digest(into: &hash)
        return hash.value
    }
}

/// A condition on a cell's value, checked at each access.
package struct CellInvariant<Value>: Sendable {
    let name: String
    let holds: @Sendable (Value) -> Bool
}

/// A condition over several parts of the state, checked where no turn is open.
package struct WideInvariant: Sendable {
    let name: String
    let holds: @Sendable (StateAtRest) -> Bool
}

/// The cell's value in one run, with the conditions on it.
package final class CellStorage<Value: Codable & Sendable>: CellBase, CellValue, @unchecked Sendable
{
    // Unchecked: as for `CellBase`.

    var value: Value
    private let invariants: [CellInvariant<Value>]
    /// Whether each condition held behind the last access, by its index: a violation is where it
    /// begins not to hold.
    private var held: [Bool]
    /// Samples of what accesses left behind. A value that is overwritten is in no digest otherwise.
    private var trail: ValueTrail
    /// Bytes of values that sampling an access may cost on average: a counter or two are
    /// looked at each time, a table now and then.
    private static var creditPerAccess: Int { 16 }

    init(
        index: CellIndex, name: String, value: Value, invariants: [CellInvariant<Value>],
        digests: DigestForm = .current
    ) {
        trail = ValueTrail(digests, creditPerMoment: Self.creditPerAccess)
        self.value = value
        self.invariants = invariants
        held = invariants.map { _ in true }
        super.init(index: index, name: name)
    }

    /// The closure came to its end, or threw: conditions are checked and the value is sampled,
    /// inside the lock.
    fileprivate func end() {
        var violations: [String] = []
        for (index, invariant) in invariants.enumerated() {
            let holds = invariant.holds(value)
            if !holds, held[index] { violations.append(invariant.name) }
            held[index] = holds
        }
        trail.pass { hash, _ in hash.combine(value: value) }
        finish(violations)
    }

    package var partName: String { "cell \(name)" }

    package func digest(into hash: inout StableHash) {
        hash.combine(canonical: value)
        trail.digest(into: &hash)
    }

    package var anyValue: Any { value }

    package struct Snapshot {
        fileprivate var value: Value
        fileprivate var held: [Bool]
        fileprivate var trail: ValueTrail
    }

    package func save() -> Saved<Snapshot> {
        Saved(
            Snapshot(value: value, held: held, trail: trail),
            bytes: ByteCount(Canonical.bytes(of: value).count))
    }

    package func restore(_ snapshot: Snapshot) {
        precondition(
            snapshot.held.count == invariants.count,
            "\(snapshot.held.count) saved conditions for \(invariants.count) of cell \(name)")
        assert(turn == nil, "cell \(name) takes a saved state in while a turn has it")
        (value, held, trail) = (snapshot.value, snapshot.held, snapshot.trail)
    }
}
