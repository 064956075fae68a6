public import WeirBase
public import WeirTelemetry

/// What an operator's closure can do besides computing: emit, log, set timers, know the time.
///
/// Lent to the closure for one call. It cannot be copied, and as nobody else can make one, it
/// cannot be moved out of the closure either: what it reaches belongs to the turn. It is not
/// `~Escapable`: under the thread sanitizer Swift 6.3 takes its mutating methods for an escape. A
/// struct that is passed `inout` and lies on the stack, because one is made for each element: a
/// class would cost twice as much.
@frozen
public struct OperatorContext<Output: Sendable>: ~Copyable {
    @usableFromInline let frame: UnsafeMutablePointer<Frame>
    @usableFromInline let output: UnsafeMutablePointer<OutputBuffer<Output>>
    /// The event time that is handed on, nanoseconds since 1970.
    @usableFromInline let time: Int64
    /// How many elements the operator has taken in the turn, this one included.
    @usableFromInline let index: UInt32

    @inlinable
    init(
        frame: UnsafeMutablePointer<Frame>, output: UnsafeMutablePointer<OutputBuffer<Output>>,
        time: Int64, index: UInt32
    ) {
        self.frame = frame
        self.output = output
        self.time = time
        self.index = index
    }

    /// Emits an element downstream, with the event time of the one being processed.
    @inlinable
    public mutating func emit(_ element: consuming Output) {
        output.pointee.append(element, time: time, frame)
    }

    /// Emits an element downstream with an event time of its own.
    @inlinable
    public mutating func emit(_ element: consuming Output, at eventTime: Instant) {
        output.pointee.append(element, time: eventTime.nanoseconds, frame)
    }

    /// The event time of the element being processed; of a timer its own.
    public var eventTime: Instant { Instant(nanoseconds: time) }

    /// Processing time: the same for the whole turn, in whole microseconds, recorded.
    public var now: Instant { Instant(nanoseconds: frame.pointee.now) }

    /// The run's start: the same in a replay.
    public var started: Instant { frame.pointee.started }

    /// No element with an earlier event time is to be expected.
    public var watermark: Instant { frame.pointee.watermark }

    /// Random numbers from the subtask's own generator, fixed by the run's seed.
    public var random: SeededGenerator {
        get { frame.pointee.generator }
        nonmutating set { frame.pointee.generator = newValue }
    }

    /// Calls the timer closure for this key when the watermark has passed `time`: no element at
    /// `time` itself can come any more.
    public mutating func setTimer(atEventTime time: Instant) {
        output.pointee.timers.addEvent(time.nanoseconds)
    }

    /// Calls the timer closure for this key at processing time `time`, rounded up to microseconds.
    ///
    /// In a timer closure: in a later turn, also when `time` is past.
    public mutating func setTimer(atProcessingTime time: Instant) {
        output.pointee.timers.addProcessing(TimerDeadline.roundedUp(time.nanoseconds))
    }

    /// Writes log records of this stage.
    public var log: Log { Log(frame: frame, index: index) }
}

/// Timers that a closure asked for, until its operator registers them. They lie beside the
/// operator's output, so that a closure which asks for none costs a look at one flag.
@usableFromInline
struct TimerRequests {
    /// Whether the operator has timers; elsewhere what is asked for is forgotten.
    let isTaken: Bool
    /// Deadlines in event time, nanoseconds since 1970.
    @usableFromInline private(set) var event: [Int64] = []
    /// Deadlines in processing time, nanoseconds since 1970, whole microseconds.
    @usableFromInline private(set) var processing: [Int64] = []
    /// Whether anything was asked for.
    @usableFromInline private(set) var isAsked = false

    init(isTaken: Bool) { self.isTaken = isTaken }

    mutating func addEvent(_ deadline: Int64) {
        guard isTaken else { return }
        event.append(deadline)
        isAsked = true
    }

    mutating func addProcessing(_ deadline: Int64) {
        guard isTaken else { return }
        processing.append(deadline)
        isAsked = true
    }

    @usableFromInline
    mutating func removeAll() {
        event.removeAll(keepingCapacity: true)
        processing.removeAll(keepingCapacity: true)
        isAsked = false
    }
}

/// Writes log records that carry pipeline, stage, subtask and step by themselves.
///
/// A level that is off costs one load and a branch; its fields are not evaluated. Otherwise the
/// record goes into the worker's own lane, and is dropped and counted when that is full.
///
/// For the turn in which it was asked for, as the context that gave it.
@frozen
public struct Log: ~Copyable {
    @usableFromInline let frame: UnsafeMutablePointer<Frame>
    @usableFromInline let index: UInt32

    @usableFromInline
    init(frame: UnsafeMutablePointer<Frame>, index: UInt32) {
        self.frame = frame
        self.index = index
    }

    /// Whether records of this level are kept.
    @inlinable
    public func isEnabled(_ level: LogLevel) -> Bool { level >= frame.pointee.logLevel }

    /// Details of single elements.
    @inlinable
    public func trace(
        _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        file: StaticString = #fileID, line: UInt32 = #line
    ) {
        if isEnabled(.trace) { write(.trace, message, fields(), file, line) }
    }

    /// What a developer of the pipeline wants to see.
    @inlinable
    public func debug(
        _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        file: StaticString = #fileID, line: UInt32 = #line
    ) {
        if isEnabled(.debug) { write(.debug, message, fields(), file, line) }
    }

    /// What happens in normal operation.
    @inlinable
    public func info(
        _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        file: StaticString = #fileID, line: UInt32 = #line
    ) {
        if isEnabled(.info) { write(.info, message, fields(), file, line) }
    }

    /// Normal, but worth a look.
    @inlinable
    public func notice(
        _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        file: StaticString = #fileID, line: UInt32 = #line
    ) {
        if isEnabled(.notice) { write(.notice, message, fields(), file, line) }
    }

    /// Not yet an error.
    @inlinable
    public func warning(
        _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        file: StaticString = #fileID, line: UInt32 = #line
    ) {
        if isEnabled(.warning) { write(.warning, message, fields(), file, line) }
    }

    /// An operation failed.
    @inlinable
    public func error(
        _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:],
        file: StaticString = #fileID, line: UInt32 = #line
    ) {
        if isEnabled(.error) { write(.error, message, fields(), file, line) }
    }

    @usableFromInline
    func write(
        _ level: LogLevel, _ message: StaticString, _ fields: LogFields, _ file: StaticString,
        _ line: UInt32
    ) {
        frame.pointee.append(
            level, message, fields, index: index, file: file, line: line)
    }
}

extension Frame {
    /// Writes a record of the engine's own, as if the running operator had written it.
    mutating func record(
        _ level: LogLevel, _ message: StaticString, _ fields: LogFields,
        file: StaticString = #fileID, line: UInt32
    ) {
        guard level >= logLevel else { return }
        assert(
            chain.map { operatorIndex <= $0.takeUnretainedValue().links.count } ?? true,
            "\(message) is told by operator \(operatorIndex), behind the end of its chain")
        let taken = chain.map { $0.takeUnretainedValue().taken[operatorIndex] } ?? 0
        append(level, message, fields, index: taken, file: file, line: line)
    }

    /// Adds a record to the worker's lane. It is counted in `ordinal` first, so that a record which
    /// finds no lane or no room leaves the numbers of the others as they are.
    fileprivate mutating func append(
        _ level: LogLevel, _ message: StaticString, _ fields: LogFields, index: UInt32,
        file: StaticString, line: UInt32
    ) {
        let ordinal = self.ordinal
        self.ordinal &+= 1
        guard let lane = logLane?.takeUnretainedValue() else { return }
        let site = lane.site(
            level: level, message: message, file: file, line: line, fields: fields)
        let record = LogRecord(
            step: step, index: index, operatorIndex: UInt16(truncatingIfNeeded: operatorIndex),
            ordinal: ordinal, subtask: subtask, time: turnTime, site: site, values: [])
        lane.append(record, fields: fields)
    }
}
