import WeirBase

/// The state that a keyed `process` has for each key, with a name to put conditions on.
///
/// Made with `flow.keyedState(by:initial:)` and given to one `process` as its `state`. It is no
/// way to reach the state from elsewhere: only the operator's closures change it.
public struct KeyedState<Key: Hashable & Codable & Sendable, State: Codable & Sendable>: Sendable {
    let index: Int
    let initial: State
}

/// All entries of a keyed state, from the tables of all subtasks, at a moment when no turn is open.
///
/// Only valid inside the condition that was given it. Visits entries in no particular order, so a
/// condition must not depend on one.
public struct KeyedEntries<Key: Hashable & Codable & Sendable, State: Codable & Sendable> {
    let tables: [KeyedTable<Key, State>]

    /// How many keys there are.
    public var count: Int { tables.reduce(0) { $0 + $1.count } }

    /// The state of a key; nil when the operator has not seen it. Costs one look into each
    /// subtask's table.
    public subscript(key: Key) -> State? {
        let hash = Canonical.hash(key)
        return tables.lazy.compactMap { $0.existing(key, hash: hash)?.pointee }.first
    }

    /// The sum of a number over all states. Costs a visit to each.
    public func sum<Number: AdditiveArithmetic>(_ number: (State) -> Number) -> Number {
        var sum = Number.zero
        forEach { sum += number($1) }
        return sum
    }

    /// Visits every key with its state.
    public func forEach(_ body: (Key, State) -> Void) {
        for table in tables { table.forEach(body) }
    }
}

/// A condition on the state of one key.
struct KeyInvariant<Key, State>: Sendable {
    let name: String
    let holds: @Sendable (Key, State) -> Bool
}

/// A keyed state of a plan, without its types.
protocol AnyKeyedStateSpec: AnyObject {
    /// The names of the operators that it was given to; planning refuses any number but one.
    var operators: [String] { get }
}

// What a plan knows of a keyed state while its pipeline is built: who has it, and which conditions
// name it.
final class KeyedStateSpec<Key: Hashable & Codable & Sendable, State: Codable & Sendable>:
    AnyKeyedStateSpec
{
    let index: Int
    var operators: [String] = []
    var invariants: [KeyInvariant<Key, State>] = []

    init(index: Int) { self.index = index }
}

/// Checks conditions on the keys that a turn touched, at its end.
///
/// The operator calls `touch` for each element and timer, and the subtask `check` at the end of
/// each turn. Belongs to one subtask. A condition is violated where it *begins* not to hold for a
/// key: a key that stays broken is told once, until it has held again.
struct KeyChecks<Key: Hashable & Codable & Sendable, State: Codable & Sendable> {
    /// The keys that the running turn touched, bounded by what a turn takes and the timers it
    /// fires; a key may be in it more than once.
    private var touched: [Key] = []
    /// For each condition, by its index: the keys, in canonical form, for which it did not hold at
    /// the end of their last turn. Only asked whether it holds one, so that its order reaches
    /// nothing.
    var broken: [Set<[UInt8]>]
    private let invariants: [KeyInvariant<Key, State>]

    /// Checks for a subtask; nil where nobody stated a condition.
    init?(_ invariants: [KeyInvariant<Key, State>]) {
        guard !invariants.isEmpty else { return nil }
        self.invariants = invariants
        broken = invariants.map { _ in [] }
    }

    /// Remembers that the running turn touched a key. Elements of one key often come in a row, and
    /// only the last key is compared.
    mutating func touch(_ key: Key) {
        if touched.last != key { touched.append(key) }
    }

    /// Checks every condition for every touched key at the end of a turn; those that begin not to
    /// hold are violated at the turn's step.
    mutating func check(_ table: KeyedTable<Key, State>, _ turn: TurnContext) {
        assert(
            broken.count == invariants.count,
            "\(broken.count) conditions are remembered of \(invariants.count)")
        for key in touched {
            guard let state = table.existing(key, hash: Canonical.hash(key)) else { continue }
            for (index, invariant) in invariants.enumerated() {
                if invariant.holds(key, state.pointee) {
                    if !broken[index].isEmpty { broken[index].remove(Canonical.bytes(of: key)) }
                } else if broken[index].insert(Canonical.bytes(of: key)).inserted {
                    turn.execution.violated(
                        invariant.name, step: turn.step, turn, origin: "key \(key)")
                }
            }
        }
        touched.removeAll(keepingCapacity: true)
    }
}

/// The table of a keyed state in one subtask, for conditions at rest.
struct WatchedTable {
    /// The keyed state's number in its pipeline.
    let state: Int
    /// Gives the table as it is then: a restored operator has another one.
    let table: () -> AnyObject
}

/// What conditions look at where no turn is open: all cells, and the tables of keyed states.
///
/// Made once for an execution; what it gives out is only to be looked at inside a condition.
public struct StateAtRest {
    let cells: [any AnyCell]
    /// By the keyed state's number, the tables of all subtasks.
    let tables: [[WatchedTable]]

    init(cells: [any AnyCell], subtasks: [Subtask], states: Int) {
        self.cells = cells
        var tables: [[WatchedTable]] = .init(repeating: [], count: states)
        for watched in subtasks.flatMap(\.chain.watched) {
            assert(
                watched.state < states, "keyed state \(watched.state) of \(states) has a table")
            tables[watched.state].append(watched)
        }
        self.tables = tables
    }
}

/// A part of a pipeline's state that `flow.invariant(_:on:and:_:)` can look at: a `SharedCell` or a
/// `KeyedState`.
public protocol InvariantSubject {
    /// What the condition gets of it.
    associatedtype View
    /// The subject as it is at rest; for the engine.
    func view(of state: StateAtRest) -> View
}

extension SharedCell: InvariantSubject {
    /// The cell's value; for the engine.
    public func view(of state: StateAtRest) -> Value {
        guard index < state.cells.count, let cell = state.cells[index] as? CellStorage<Value>
        else { preconditionFailure("cell \(name) belongs to another pipeline") }
        return cell.value
    }
}

extension KeyedState: InvariantSubject {
    /// The entries of all subtasks; for the engine.
    public func view(of state: StateAtRest) -> KeyedEntries<Key, State> {
        guard index < state.tables.count else {
            preconditionFailure("a condition looks at a keyed state of another pipeline")
        }
        return KeyedEntries(
            tables: state.tables[index].map { watched in
                guard let table = watched.table() as? KeyedTable<Key, State> else {
                    preconditionFailure("a condition looks at a keyed state of another pipeline")
                }
                return table
            })
    }
}

extension Flow {
    /// State for each key of a `process`, to be given to it as `state` and named in conditions.
    public func keyedState<Key: Hashable & Codable & Sendable, State: Codable & Sendable>(
        by key: Key.Type, initial: State
    ) -> KeyedState<Key, State> {
        let spec = KeyedStateSpec<Key, State>(index: keyedStates.count)
        keyedStates.append(spec)
        return KeyedState(index: spec.index, initial: initial)
    }

    /// A condition on each key's state that must hold at the end of every turn of its operator.
    ///
    /// Checked for the keys that the turn touched, at its end; found where it *begins* not to
    /// hold for a key. Costs one look into the table and one call for each of them.
    public func invariant<Key, State>(
        _ name: String, on state: KeyedState<Key, State>,
        _ holds: @escaping @Sendable (Key, State) -> Bool
    ) {
        spec(of: state).invariants.append(KeyInvariant(name: name, holds: holds))
        noteInvariant(name)
    }

    /// A condition over two parts of the state that different stages may change: cells, keyed
    /// states, or one of each.
    ///
    /// Checked where no turn is open: in a parallel run at rest points, some ten times a second,
    /// and at the end; in a simulated run and in a replay whenever no turn is open. A violation
    /// carries the step of that check; it may have begun any time since the one before. What is on
    /// its way between the stages is in neither part, so a condition on an upstream and a
    /// downstream stage has to allow for it. Costs one call at each check, and what it visits.
    public func invariant<First: InvariantSubject, Second: InvariantSubject>(
        _ name: String, on first: First, and second: Second,
        _ holds: @escaping @Sendable (First.View, Second.View) -> Bool
    ) where First: Sendable, Second: Sendable {
        wideInvariants.append(
            WideInvariant(name: name) { holds(first.view(of: $0), second.view(of: $0)) })
        noteInvariant(name)
    }

    /// What a plan knows of a keyed state; a state that was made by another pipeline traps.
    func spec<Key, State>(of state: KeyedState<Key, State>) -> KeyedStateSpec<Key, State> {
        guard state.index < keyedStates.count,
            let spec = keyedStates[state.index] as? KeyedStateSpec<Key, State>
        else { preconditionFailure("a keyed state belongs to another pipeline") }
        return spec
    }
}
