package import WeirTelemetry

/// What a turn takes: decided by a look, recorded, prescribed by a replay.
package struct Choice: Equatable, Sendable {
    package var kind: StepKind
    package var inlet: UInt16 = 0
    /// Elements, or calls.
    package var count: UInt32 = 0
    /// Completion: which calls.
    package var calls: [UInt64] = []
    /// Processing time, microseconds since the run's start.
    package var time: Int64 = 0
    #if WEIR_PROBES
        /// The clock reading before it was cut, for the planted fault that uses it.
        package var rawTime: Int64 = 0
    #endif

    package init(kind: StepKind) { self.kind = kind }
}

/// What a look at a subtask found.
package enum Look: Equatable, Sendable {
    /// A turn can be taken.
    case choice(Choice)
    /// Nothing now; at this time (microseconds since the start) there may be.
    case waiting(until: Int64?)
    /// Nothing, ever.
    case done
}

/// What a turn did, for its end note.
package struct TurnAccount: Sendable {
    package var accesses: UInt32
    /// Microseconds on the time counter, approximate.
    package var duration: UInt32
    package var sample: UInt64?
}
