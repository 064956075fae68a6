import WeirBase

/// What an operator keeps from turn to turn, in one subtask.
///
/// Every operator that keeps anything has one, and must answer all of this: the engine has no other
/// way to its state, and an operator that forgot its digest, or could not be saved, would make
/// replays and snapshots wrong without a word. An operator without state has none of it and costs
/// nothing.
///
/// All of it runs on the subtask's thread: `pass`, `sample` and what `timers`, `calls` and `checks`
/// give in a turn, the rest where no turn is open.
protocol OperatorState: SavablePart {
    /// A control message passes; called before the operators behind see it. What it emits reaches
    /// them first.
    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>)
    /// Adds the entry that the turn wrote last to a hash; tells how many bytes it coded.
    func sample(into hash: inout StableHash) -> Int
    /// Elements that were taken and are neither handled nor dropped.
    var held: UInt64 { get }
    /// The state for a person to look at; nil where there is nothing that one would ask for.
    var view: (any StateView)? { get }
    /// Timers of processing time; nil for an operator that never sets any. Asked once.
    var timers: (any OperatorTimers)? { get }
    /// Calls in flight; nil for an operator that makes none. Asked once.
    var calls: (any CallPort)? { get }
    /// Conditions on the state; nil where nobody stated any. Asked once.
    var checks: (any StateChecks)? { get }
    /// The state as conditions at rest look at it; nil where none does. Asked once.
    var watched: WatchedTable? { get }
}

/// An operator's state as a table of entries, for a debugger.
protocol StateView: AnyObject {
    /// The entries, in order of the keys' texts.
    func entries() -> [(key: String, value: Any)]
    /// The key that has this text, as `value` wants it; nil when no entry has it.
    func key(named text: String) -> Any?
    /// The value of one entry; nil when there is none. Costs one look into a table.
    func value(of key: Any) -> Any?
}

/// The timers that an operator sets, as its subtask sees them.
protocol OperatorTimers: AnyObject {
    /// The earliest deadline in processing time, nanoseconds since 1970; nil when none waits.
    var nextDeadline: Int64? { get }
    /// Fires what is due at the frame's time. What these set fires in a later turn: their time
    /// does not stand still.
    func fireDue(_ frame: UnsafeMutablePointer<Frame>)
    /// What became of the timers that a user set, of both times; nil where no user sets them.
    var account: TimerAccount? { get }
}

/// What became of an operator's timers, and how many wait.
struct TimerAccount {
    let book: TimerBook
    let waiting: Int
}

/// Conditions on an operator's state.
protocol StateChecks: AnyObject {
    /// Checks them at the end of a turn.
    func check(_ turn: TurnContext)
}

/// The end of a chain that answers asynchronous calls.
package protocol CallPort: AnyObject {
    /// How many further calls may be in flight.
    var room: Int { get }
    /// Whether a call is in flight.
    var isWaiting: Bool { get }
    #if WEIR_PROBES
        /// The planted fault of an end of input at which time-outs are forgotten.
        func dropTimeouts()
    #endif
    /// Hands the calls made in the turn that just ended to the executors.
    func submit()
    /// Takes results into the running turn, in this order.
    func complete(_ calls: [(call: UInt64, result: [UInt8]?)], _ frame: UnsafeMutablePointer<Frame>)
}
