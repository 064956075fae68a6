import WeirBase

/// What an operator keeps from turn to turn, in one subtask.
///
/// Every operator that keeps anything has one, and must answer all of this: the engine has no other
/// way to its state, and an operator that forgot its digest, or could not be saved, would make
/// replays and snapshots wrong without a word. An operator without state has none of it and costs
/// nothing.
///
/// The kernel and this share the operator's object; the chain calls both. All of it runs on the
/// thread that has claimed the subtask: `pass`, `sample` and what `timers`, `calls` and `checks`
/// give in a turn, the rest where no turn is open.
protocol OperatorState: SavablePart {
    /// Takes a control message; called before the operators behind see it. What it emits and
    /// flushes in here reaches them first.
    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>)
    /// Adds the entry that the turn wrote last to a hash; tells how many bytes of canonical form
    /// that was. At the end of a turn; 0 where it wrote none.
    func sample(into hash: inout SampleHash) -> Int
    /// How many elements were taken and are neither handled nor dropped yet. The books count with
    /// it.
    var held: UInt64 { get }
    /// The state for a person to look at; nil where there is nothing that one would ask for.
    var view: (any StateView)? { get }
    /// Timers of processing time; nil for an operator that never sets any. Asked when the chain is
    /// made, and by the books.
    var timers: (any OperatorTimers)? { get }
    /// Calls in flight; nil for an operator that makes none. The answer is the same each time.
    var calls: (any CallPort)? { get }
    /// Conditions on the state; nil where nobody stated any. Asked when the subtask is made.
    var checks: (any StateChecks)? { get }
    /// The state as conditions at rest look at it; nil where none does. Asked when the plan is
    /// bound.
    var watched: WatchedTable? { get }
}

/// State that shows nothing: no elements are held in it, nobody asks to look at it, and it has no
/// timers, calls or conditions.
///
/// Whoever says so has these answers; they are not defaults of `OperatorState`, so that every other
/// operator still has to give each of them.
protocol ShowsNothing: OperatorState {}

extension ShowsNothing {
    func sample(into hash: inout SampleHash) -> Int { 0 }
    func digest(into hash: inout StableHash) {}
    var held: UInt64 { 0 }
    var view: (any StateView)? { nil }
    var timers: (any OperatorTimers)? { nil }
    var calls: (any CallPort)? { nil }
    var checks: (any StateChecks)? { nil }
    var watched: WatchedTable? { nil }
}

/// The state of an operator that keeps nothing from turn to turn either: it is there to be told of
/// control messages.
protocol KeepsNothing: ShowsNothing where Snapshot == Void {}

extension KeepsNothing {
    func save() -> Saved<Void> { Saved((), bytes: 0) }
    func restore(_ snapshot: Void) {}
}

/// An operator's state as a table of entries, for a debugger. At a rest point, or in a replay
/// between turns.
protocol StateView: AnyObject {
    /// Adds the entries of which a list wants some, in order of the keys' texts. Costs a look at
    /// all of them.
    func list(_ list: inout EntryList)
    /// The key that has this text, in the form in which `value` wants it; nil when no entry has it.
    /// May look at all keys.
    func key(named text: String) -> Any?
    /// The value of one entry; nil when there is none. Costs one look into a table.
    func value(of key: Any) -> Any?
}

/// The first entries of a state, in the order of their keys' texts, and how many there are.
///
/// A state may have a million entries, of which a person reads a few. The list holds no more than
/// about twice as many as were asked for while a table is gone through, whatever the table's order
/// is. Each key is still made into a text, so that the time grows with the state and the memory
/// does not. Owned by one thread.
package struct EntryList {
    /// The maximum of entries that are wanted.
    private let limit: Int
    /// Whether the entry with this text as its key is wanted at all.
    private let isWanted: (String) -> Bool
    /// The first entries that are wanted. Tables stand in the order in which they were added, and
    /// the entries of each in the order of their keys' texts.
    package private(set) var entries: [(key: String, value: Any)] = []
    /// How many entries are wanted, those beyond the limit among them.
    package private(set) var count = 0
    /// Where the table under way begins in `entries`.
    private var tableStart = 0
    /// What stands behind each key of the table under way.
    private var suffix = ""

    package init(limit: Int, where isWanted: @escaping (String) -> Bool = { _ in true }) {
        precondition(limit >= 0, "a list of \(limit) entries")
        (self.limit, self.isWanted) = (limit, isWanted)
    }

    /// Adds a table behind those before it. `fill` adds its entries, in any order; `suffix` is put
    /// behind each key, and plays no part in the order.
    mutating func addTable(suffix: String = "", _ fill: (inout EntryList) -> Void) {
        (tableStart, self.suffix) = (entries.count, suffix)
        fill(&self)
        cut()
        for index in entries.indices[tableStart...] { entries[index].key += suffix }
    }

    /// Adds an entry of the table under way. `value` is asked for only where there is room.
    mutating func add(_ key: String, _ value: @autoclosure () -> Any) {
        guard isWanted(key + suffix) else { return }
        count += 1
        let room = limit - tableStart
        guard room > 0 else { return }
        entries.append((key, value()))
        // Cut at twice the room, so that an entry costs the sorting of a few others.
        if (entries.count - tableStart) / 2 >= max(64, room) { cut() }
    }

    /// Puts the table under way in order, and leaves as many of its entries as are wanted.
    private mutating func cut() {
        entries[tableStart...].sort { $0.key < $1.key }
        if entries.count > limit { entries.removeLast(entries.count - limit) }
    }
}

/// The processing-time timers that an operator sets, as its subtask sees them.
protocol OperatorTimers: AnyObject {
    /// The earliest deadline in processing time, nanoseconds since 1970; nil when none waits.
    var nextDeadline: Int64? { get }
    /// Fires what is due at the frame's time, in order of deadline and key. What these set fires in
    /// a later turn: processing time goes on, so a timer that is due again at once is not in a
    /// hurry.
    func fireDue(_ frame: UnsafeMutablePointer<Frame>)
    /// What became of the timers that a user set, of both times, for the books; nil where no user
    /// sets them.
    var account: TimerAccount? { get }
}

/// What became of an operator's timers, and how many wait.
struct TimerAccount {
    let book: TimerBook
    let waiting: Int
}

/// Conditions on an operator's state.
protocol StateChecks: AnyObject {
    /// Checks them at the end of a turn, and tells the execution of those that begin not to hold.
    func check(_ turn: TurnContext)
}

/// The operator that makes asynchronous calls, as its subtask sees it.
///
/// An element is held from the turn in which its call is made to the one in which it is answered or
/// given up.
package protocol CallPort: AnyObject {
    /// How many further calls may be in flight: a turn takes no more elements than that.
    var room: Int { get }
    /// Whether a call is in flight. Until none is, the subtask does not end.
    var isWaiting: Bool { get }
    /// Gives the calls made in the turn that just ended to the executors.
    func submit()
    /// Takes results into the running turn, in this order. A call that was given up meanwhile is
    /// passed over.
    func complete(_ calls: [(call: UInt64, result: [UInt8]?)], _ frame: UnsafeMutablePointer<Frame>)
}
