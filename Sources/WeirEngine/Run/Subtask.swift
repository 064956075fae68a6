package import Synchronization
package import WeirBase
package import WeirTelemetry

/// One parallel instance of a stage: a chain of operators with its inlets and outlets.
///
/// A scheduler asks `look` (or `choices`, to draw among all) what a turn could take, and has the
/// turn taken by `Execution.perform`, which calls `run`, `checkInvariants`, `sample`, `publish` and
/// `submitCalls` in that order. Inlets and sources call back with control messages (`receive`) and
/// watermarks (`advance`).
///
/// It is single-threaded: whoever has claimed it runs its turn, and only one thread can have the
/// claim. It does not know which schedule it lives in, and it sees batches and never a channel:
/// nothing in a turn asks for emptiness, depth, room or the clock, so that a turn is the same
/// whenever it is run. Only a look may ask these, because what it finds is recorded as the turn's
/// choice.
package final class Subtask: @unchecked Sendable {
    // Unchecked: everything belongs to the thread that claimed it, but what other threads use:
    // `counters`, `claim`, `isBlocked`, `hasEnded`, `isDigestStale` and the chain's `running`,
    // which are atomic.

    /// Bytes of values that sampling a turn may cost on average: at a few elements a turn that is
    /// all of them, at full load a part. With a quarter of it a value that is wrong once, in a
    /// stage where little flows, was found in the stage behind and not where it was made.
    private static func creditPerTurn(_ form: DigestForm) -> Int {
        switch form {
        case .canonicalSamples: 64
        case .memberSamples: 128
        }
    }
    /// On every so many turns the end note has the hash of the values sampled so far. A wrong value
    /// is so found within 64 turns of its subtask, for an eighth of a byte a turn.
    package static let sampleInterval: UInt64 = 64

    /// Its number in the plan's order, by which notes and traces name it.
    package let index: SubtaskIndex
    package let stage: String
    /// Its number within its stage, from 0.
    package let ordinal: Int
    /// Stage and ordinal, such as `enrich/1`.
    package let name: String
    package let inlets: [Inlet]
    package let outlets: [any AnyOutlet]
    /// The outlets again, to be asked without a reference count: `outlets` keeps them.
    private let queues: UnsafeMutablePointer<Unmanaged<Outlet>>
    package let chain: Chain
    /// Nil for a subtask that reads channels.
    let source: (any SourceDriver)?
    /// What the plan calls the source; nil where there is none.
    let sourceName: String?
    package let counters = SubtaskCounters()
    /// The run's set of subtasks that did something; set before the run's threads start. Unowned
    /// and unsafe, because it is used for each change of activity. Safe: the execution owns the set
    /// and the subtasks.
    unowned(unsafe) var touched: TouchedSet?
    /// The maximum number of slots of a lane that a turn's notes take: its beginning, with the
    /// numbers of calls where it makes any, and its end. Reserved before each turn.
    package let turnSlots: Int
    /// The maximum number of elements in a slice: 1 where more than one operator of the stage could
    /// touch a cell.
    let sliceLimit: Int
    /// The maximum number of elements or messages that a turn takes. Whatever it is, the count is
    /// recorded, so that it may be changed between turns.
    package var budget = EngineBounds.maximumTurnMessages

    /// Who may run it, as the parallel schedule has it; see `ParallelScheduler.Claim`.
    let claim = Atomic<Int>(0)
    /// Since when it waits in the run queue, nanoseconds of `TickClock`; the queue's.
    var queuedSince: UInt64 = 0
    /// For how long a worker runs it at a time, nanoseconds: what it took last, or an eighth less
    /// than it usually took before, whichever is more. One long turn among short ones is
    /// remembered for about as many as it was longer. Whoever has claimed it.
    private var usualNanoseconds = RunQueue.helpNanoseconds
    /// Whether running it usually takes longer than waking another worker. Whoever has claimed it.
    var usuallyRunsLong: Bool { usualNanoseconds >= RunQueue.helpNanoseconds }
    /// Whether it waits for room in a channel: then whoever makes room wakes it.
    /// `Execution.publishAgain` has the order.
    let isBlocked = Atomic<Bool>(false)

    /// What each inlet said last, by the inlet's index.
    private var watermarks: [Instant]
    private var isInletIdle: [Bool]
    private var isInletEnded: [Bool]
    private var isIdle = false
    /// Whether no turn will ever be taken again: the end of input went through, and no call is in
    /// flight. What it emitted may still wait to be published.
    package private(set) var isDone = false {
        didSet { hasEnded.store(isDone, ordering: .relaxed) }
    }
    /// `isDone` for other threads, which may see it a moment later.
    package let hasEnded = Atomic<Bool>(false)
    /// Whether the end of input was seen and only answers of calls are waited for.
    private var isEnding = false
    /// Turns taken so far; part of the digest.
    private var turns = TurnCount.zero
    /// Samples of what its turns emitted and wrote.
    private var trail: ValueTrail
    /// The turn, by its number in `turns`, that fired processing-time timers last. Not saved: a
    /// snapshot lies between turns, and the next turn has another number.
    private var firedTurn: TurnCount?
    /// Where the next look at inlets begins, so that a busy inlet does not keep the others waiting.
    private var nextInlet = 0
    /// The step of the last turn: publishes that come late belong to it.
    package private(set) var lastTurn: Step = 0
    private let calls: (any CallPort)?
    /// Conditions on state to be checked at the end of each turn.
    private let checks: [any StateChecks]
    /// When the oldest input behind the running turn was taken in, nanoseconds of `TickClock`; for
    /// measuring only.
    var birth: UInt64 = 0
    /// Whether anything of what a digest reads may have changed since `knownDigest` was taken. Set
    /// by the subtask's own turns and by whoever takes from its channels; read where no turn is
    /// open, behind the scheduler's lock, so that relaxed order is enough.
    private let isDigestStale = Atomic<Bool>(true)
    /// The digest as it was when `isDigestStale` was last false.
    private var knownDigest: UInt64 = 0

    init(
        index: SubtaskIndex, stage: String, ordinal: Int, inlets: [Inlet], outlets: [any AnyOutlet],
        chain: Chain, source: (name: String, driver: any SourceDriver)?, sliceLimit: Int,
        digests: DigestForm = .current
    ) {
        assert(
            1...ElementSlice.capacity ~= sliceLimit, "slices of \(sliceLimit) elements in \(stage)")
        assert(
            source == nil || inlets.isEmpty,
            "\(stage) reads \(source?.name ?? "") and \(inlets.count) channels")
        self.index = index
        self.stage = stage
        self.ordinal = ordinal
        name = "\(stage)/\(ordinal)"
        self.inlets = inlets
        self.outlets = outlets
        queues = .allocate(capacity: outlets.count)
        for (index, outlet) in outlets.enumerated() {
            (queues + index).initialize(to: .passUnretained(outlet))
        }
        self.chain = chain
        self.source = source?.driver
        sourceName = source?.name
        self.sliceLimit = sliceLimit
        trail = ValueTrail(digests, creditPerMoment: Self.creditPerTurn(digests))
        calls = chain.calls
        checks = chain.checks
        let callSlots = calls == nil ? 0 : NoteLane.extraSlots(words: EngineBounds.maximumTurnCalls)
        // One slot for the beginning, further ones for a completion's call numbers, and the end's.
        turnSlots = 1 + callSlots + NoteLane.endSlots(outlets: outlets.count)
        watermarks = inlets.map { _ in .distantPast }
        isInletIdle = inlets.map { _ in false }
        isInletEnded = inlets.map { _ in false }
        chain.frame.pointee.subtask = index
        chain.frame.pointee.counters = Unmanaged.passUnretained(counters)
    }

    deinit {
        queues.deallocate()
        chain.frame.deinitialize(count: 1)
        chain.frame.deallocate()
    }

    /// A worker has run it for so long, and gives it up.
    func ranFor(_ nanoseconds: UInt64) {
        usualNanoseconds = max(nanoseconds, usualNanoseconds - usualNanoseconds / 8)
    }

    /// Whether something that it emitted is not published yet. It takes no turn until that is gone.
    package var hasUnpublished: Bool {
        for index in outlets.indices
        where queues[index]._withUnsafeGuaranteedRef({ $0.hasUnpublished }) { return true }
        return false
    }
    /// Whether an operator or the source failed. A subtask that failed takes no further turn, since
    /// the run stops.
    var hasFailed: Bool { chain.frame.pointee.failure != nil }
    package var failure: OperatorFailure? { chain.frame.pointee.failure }
    /// Notes the source's own error: its input could not be read, or not as elements. Only the
    /// first failure counts.
    func failAsSource(_ error: any Error) {
        guard !hasFailed else { return }
        chain.frame.pointee.failure = OperatorFailure(operatorIndex: nil, message: "\(error)")
    }

    /// What the plan calls the operator that failed, or the source where it was that.
    func operatorName(of failure: OperatorFailure) -> String {
        failure.operatorIndex.map { operatorName(at: $0) } ?? sourceName ?? stage
    }

    /// What the plan calls an operator of the chain; an index behind the last link counts as the
    /// last.
    func operatorName(at index: Int) -> String {
        chain.links[min(index, chain.links.count - 1)].name
    }

    package var watermark: Instant { chain.frame.pointee.watermark }
    /// The run's start, nanoseconds since 1970. Deadlines are absolute, the times of notes count
    /// from it.
    private var startNanoseconds: Int64 { chain.frame.pointee.started.nanoseconds }
    /// Whether it is a source's subtask.
    package var isSource: Bool { source != nil }
    /// Elements a source has taken; 0 elsewhere.
    package var sourceTaken: UInt64 { source?.taken ?? 0 }
    /// Turns taken so far. Between turns.
    package var turnCount: TurnCount { turns }
    /// The hops on the way from source to sink that are measured in this subtask, each with its
    /// name. First asked by the one thread that samples the run, and by no other.
    package private(set) lazy var latencyHops: [(hop: String, counts: LatencyCounts)] = {
        let sink = outlets.lazy.compactMap { $0 as? RowOutlet }.first
        var hops: [(String, LatencyCounts)] = []
        if let read = source?.readLatency { hops.append(("read", read)) }
        if !inlets.isEmpty { hops.append(("queue", counters.queueLatency)) }
        let hop = source != nil ? "decode" : sink != nil ? "encode" : "process"
        hops.append((hop, counters.turnLatency))
        guard let sink else { return hops }
        if let write = sink.writeLatency { hops.append(("write", write)) }
        hops.append((LatencySample.wholeWay, counters.wholeLatency))
        return hops
    }()
    /// What was odd about a source's input so far; nil elsewhere. Between turns.
    package var sourceRemarks: SourceRemarks? { source?.remarks }

    // MARK: Looking

    /// What a turn could take now, the most urgent thing first: timers that are due, answered
    /// calls, the source's input, an inlet in turn. `now` has the time, read once for the whole
    /// look.
    ///
    /// It influences only which turn is taken, since its answer is recorded. A source may take
    /// blocks from its feed meanwhile: nobody can tell.
    package func look(at now: Present) -> Look {
        if isDone { return .done }
        // Whole microseconds, as in the note: whether a timer is due is decided on exactly this
        // time, so that a replay decides the same.
        let time = now.time
        let deadline = chain.nextDeadline
        if let choice = dueTimer(deadline, time) ?? answeredCalls(time, now.calls) {
            return .choice(choice)
        }
        // Rounded up: woken a microsecond early the timer would not be due.
        var wake = deadline.map { RunTime(roundingUp: $0 - startNanoseconds) }
        if let source {
            switch source.look(time: time, isEnding: now.isEnding) {
            case .choice(var choice):
                choice.time = time
                choice.count = min(choice.count, UInt32(budget))
                return .choice(choice)
            case .waiting(let until):
                if let until { wake = min(wake ?? until, until) }
            case .done:
                break
            }
        }
        if let choice = lookAtInlets(time: time) { return .choice(choice) }
        return .waiting(until: wake)
    }

    /// All turns that could be taken now, one of each kind and inlet, for a schedule that draws
    /// among them. It does not move `nextInlet`.
    package func choices(at now: Present) -> [Choice] {
        if isDone { return [] }
        let time = now.time
        var found: [Choice] = []
        let timer = dueTimer(chain.nextDeadline, time)
        if let choice = timer ?? answeredCalls(time, now.calls) { found.append(choice) }
        if let source, case .choice(var choice) = source.look(time: time, isEnding: now.isEnding) {
            choice.time = time
            found.append(choice)
        }
        found.append(contentsOf: choicesOfInlets(time))
        return found
    }

    /// The turns that could be taken at `time` from inlets and timers alone: what a sequential
    /// execution knows without an outside. What a source has to give, and which calls were
    /// answered, is for the outside to say.
    package func knownChoices(time: RunTime) -> [Choice] {
        if isDone { return [] }
        return [dueTimer(chain.nextDeadline, time)].compactMap { $0 } + choicesOfInlets(time)
    }

    /// A turn for timers of which the first is due at `deadline`, if that has come by `time`.
    private func dueTimer(_ deadline: Int64?, _ time: RunTime) -> Choice? {
        guard let deadline, deadline <= startNanoseconds + time.nanoseconds else { return nil }
        var choice = Choice(kind: .timer)
        choice.time = time
        return choice
    }

    /// A turn for calls that were answered, named one by one: between this look and the turn more
    /// may be.
    private func answeredCalls(_ time: RunTime, _ desk: CallExecutor) -> Choice? {
        guard calls != nil else { return nil }
        let answered = desk.answered(index, atMost: EngineBounds.maximumTurnCalls)
        guard !answered.isEmpty else { return nil }
        assert(
            answered.count <= EngineBounds.maximumTurnCalls,
            "\(answered.count) answers for \(name), and a note names "
                + "\(EngineBounds.maximumTurnCalls)")
        var choice = Choice(kind: .completion)
        choice.calls = answered
        choice.count = UInt32(answered.count)
        choice.time = time
        return choice
    }

    private func choicesOfInlets(_ time: RunTime) -> [Choice] {
        inlets.enumerated().compactMap { port, inlet in choice(port: port, inlet, time: time) }
    }

    /// A turn for the next inlet, in rotation, that has something.
    private func lookAtInlets(time: RunTime) -> Choice? {
        assert(
            inlets.isEmpty || nextInlet < inlets.count,
            "\(name) looks at inlet \(nextInlet) of \(inlets.count) next")
        for offset in 0..<inlets.count {
            let port = (nextInlet + offset) % inlets.count
            if let choice = choice(port: port, inlets[port], time: time) {
                nextInlet = (port + 1) % inlets.count
                return choice
            }
        }
        return nil
    }

    private func choice(port: Int, _ inlet: Inlet, time: RunTime) -> Choice? {
        // An operator that makes calls takes no more elements than it may have calls in flight, so
        // that its calls are bounded without a queue.
        assert(budget > 0, "turns of \(name) may take \(budget) messages and so none")
        let waiting = min(inlet.waiting, budget, calls?.room ?? budget)
        guard waiting > 0 else { return nil }
        var choice = Choice(kind: .input)
        choice.inlet = ChannelIndex(port)
        choice.count = UInt32(waiting)
        choice.time = time
        return choice
    }

    // MARK: A turn

    /// Runs a turn's body; its output is in the outlets afterwards. `results` are the answers of a
    /// completion's calls, in the order of the choice.
    package func run(_ choice: Choice, _ turn: TurnContext, results: [[UInt8]?]) {
        assert(turn.step > lastTurn, "step \(turn.step) of \(name) comes behind \(lastTurn)")
        let frame = chain.frame
        frame.pointee.turnTime = choice.time
        frame.pointee.now = startNanoseconds + choice.time.nanoseconds
        frame.pointee.step = turn.step
        frame.pointee.logLane = turn.logLane.map { Unmanaged.passUnretained($0) }
        staleDigest()
        chain.beginTurn()
        for outlet in outlets { outlet.beginTurn() }
        turns += 1
        lastTurn = turn.step
        switch choice.kind {
        case .input:
            if let source {
                chain.running.enterSource()
                source.run(Int(choice.count), self)
            } else {
                inlets[choice.inlet].process(
                    Int(choice.count), port: choice.inlet.offset, self)
            }
        case .timer: fireTimers()
        case .completion:
            assert(
                results.count == choice.calls.count,
                "\(name) gets \(results.count) answers for \(choice.calls.count) calls")
            let before = chain.running.enter(operator: 0)
            calls?.complete(Array(zip(choice.calls, results)), frame)
            chain.running.resume(before)
        case .idle:
            source?.becomeIdle()
            becomeIdle()
        case .end, .failure:
            source?.end(choice.kind, self)
            if !hasFailed { finish() }
        case .continue, .access, .publish, .rest, .void:
            preconditionFailure("a \(choice.kind) is no turn of \(name)")
        }
        // The end was seen in an earlier turn and waited for calls: this turn may have taken the
        // last answer, or given a call up.
        if isEnding, !isDone, !hasFailed { finish() }
    }

    /// Takes a control message of an inlet: remembers what it says and lets the subtask's own
    /// watermark, idleness or end follow.
    func receive(_ control: Control, port: Int) {
        switch control {
        case .watermark(let instant):
            assert(
                instant >= watermarks[port],
                "inlet \(port) of \(name) goes back from \(watermarks[port]) to \(instant)")
            watermarks[port] = instant
            combine()
        case .idle:
            isInletIdle[port] = true
            combine()
        case .active:
            isInletIdle[port] = false
            combine()
        case .end:
            isInletEnded[port] = true
            if isInletEnded.allSatisfy({ $0 }) { finish() } else { combine() }
        }
    }

    /// Takes a later watermark through the chain: a source's own, or what the inlets agree on. One
    /// that is not later does nothing, since a watermark never goes back.
    func advance(to watermark: Instant) {
        guard watermark > chain.frame.pointee.watermark else { return }
        if watermark == .distantFuture {
            // Nothing is on time behind the end's watermark: the answers of calls in flight hold it
            // back, and processing-time timers that are due fire before it.
            if calls?.isWaiting ?? false { return }
            fireTimers()
            if hasFailed { return }
        }
        counters.watermark.store(watermark.nanoseconds, ordering: .relaxed)
        chain.advance(to: watermark)
        assert(self.watermark == watermark, "\(name) is at \(self.watermark), not at \(watermark)")
    }

    /// Fires processing-time timers that are due, once a turn: what they set fires in a later one,
    /// even when it is due already, or a timer that sets itself would never let the turn end.
    private func fireTimers() {
        guard firedTurn != turns else { return }
        firedTurn = turns
        chain.fireTimers()
    }

    /// What the inlets said last of event time, in the order of the inlets. No turn of this subtask
    /// may run.
    package var inletTimes: [InletTime] {
        inlets.indices.map { port in
            InletTime(
                channel: inlets[port].channel, watermark: watermarks[port],
                isIdle: isInletIdle[port], isEnded: isInletEnded[port])
        }
    }

    /// The subtask's watermark is the least of its inlets that are neither idle nor ended. When
    /// none is left that speaks, and not all have ended, the subtask is idle itself.
    private func combine() {
        var minimum: Instant?
        for port in inlets.indices where !isInletIdle[port] && !isInletEnded[port] {
            minimum = min(minimum ?? .distantFuture, watermarks[port])
        }
        guard let minimum else {
            if !isInletEnded.allSatisfy({ $0 }) { becomeIdle() }
            return
        }
        becomeActive()
        advance(to: minimum)
    }

    /// The subtask says nothing for now. Told once, and operators and readers with it.
    private func becomeIdle() {
        guard !isIdle else { return }
        isIdle = true
        counters.isHeldOut.store(true, ordering: .relaxed)
        chain.pass(.idle)
    }

    /// The subtask speaks again. Told once; before the element or watermark that ends the silence.
    func becomeActive() {
        guard isIdle else { return }
        isIdle = false
        counters.isHeldOut.store(false, ordering: .relaxed)
        chain.pass(.active)
    }

    /// The end of input. What is due fires, what is open ends with the watermark at the end of
    /// time, and then the end itself goes on. Calls in flight hold all of it back: this is called
    /// again in each later turn until none is left.
    private func finish() {
        if !isEnding { fireTimers() }
        isEnding = true
        if hasFailed { return }
        if let calls, calls.isWaiting { return }
        becomeActive()
        // An idle subtask's watermark would not reach its readers, so it speaks again first.
        advance(to: .distantFuture)
        if hasFailed { return }
        assert(watermark == .distantFuture, "\(name) ends at the watermark \(watermark)")
        chain.pass(.end)
        isDone = true
    }

    /// Checks conditions on the state that the turn leaves, at its end and before its output is
    /// published.
    func checkInvariants(_ turn: TurnContext) {
        guard !checks.isEmpty else { return }
        chain.running.enterInvariants()
        for check in checks { check.check(turn) }
    }

    /// Gives the calls made in the turn to the executors. Behind the turn's end note.
    func submitCalls() { calls?.submit() }

    /// Publishes what it can, outlet by outlet; true when nothing is left. An outlet without room
    /// does not hold the others up: each is a channel of its own.
    func publish(_ turn: TurnContext, isLate: Bool) -> Bool {
        staleDigest()
        var isPublished = true
        for outlet in outlets {
            if !outlet.publish(turn, isLate: isLate) { isPublished = false }
            Probe.at(.publishing)
        }
        return isPublished
    }

    /// Samples what the turn wrote last into each operator's state and what it emitted, the last
    /// first. On every 64th turn it tells the hash of all samples so far, for the end note. Called
    /// once at the end of each turn, in a replay too: the trail is part of the state.
    func sample() -> UInt64? {
        trail.pass { hash, credit in
            var spent = chain.sample(into: &hash)
            for outlet in outlets where outlet.emittedElements > 0 && spent < credit {
                spent += outlet.sample(into: &hash, atMost: credit - spent)
            }
            return spent
        }
        return turns.isMultiple(of: Self.sampleInterval) ? trail.value : nil
    }

    /// The operators that have state for a person to look at. At a rest point, or in a replay
    /// between turns.
    package var stateOperators: [String] { chain.views.map(\.operator) }

    /// Adds the entries of a state to a list, by its index in `stateOperators`. At a rest point, or
    /// in a replay between turns. Costs a look at every entry.
    package func list(_ list: inout EntryList, ofState index: Int) {
        chain.views[index].view.list(&list)
    }

    /// The key that has this text in the state of an operator, in the form in which `value` wants
    /// it; nil where none has it.
    package func key(named text: String, of operator: String) -> Any? {
        view(of: `operator`)?.key(named: text)
    }

    /// The value of one entry of an operator's state; nil when there is none.
    package func value(of key: Any, of operator: String) -> Any? {
        view(of: `operator`)?.value(of: key)
    }

    private func view(of operator: String) -> (any StateView)? {
        chain.views.first { $0.operator == `operator` }?.view
    }

    /// Whether an operator of it keeps anything.
    package var hasState: Bool { !chain.views.isEmpty }

    /// The element of a source with this index, from 0, as text; nil where it cannot be made out of
    /// order.
    package func describeElement(_ index: UInt64) -> String? { source?.describe(element: index) }

    // MARK: Digests

    /// What a digest reads was touched, or is about to be. Any thread.
    @inline(__always)
    func staleDigest() {
        // It is stale already for most calls: a load alone leaves the cache line shared among the
        // threads that publish to and take from this subtask's channels.
        if !isDigestStale.load(ordering: .relaxed) {
            isDigestStale.store(true, ordering: .relaxed)
        }
    }

    /// A digest of all state. At a rest point, or in a replay between turns.
    ///
    /// Costs one load where nothing was touched since the last call: what rest points cost grows
    /// with what happened between them and not with the plan.
    package func digest() -> UInt64 {
        if isDigestStale.load(ordering: .relaxed) {
            knownDigest = freshDigest()
            isDigestStale.store(false, ordering: .relaxed)
        } else {
            // In checked builds every digest is made anew, so that a change which forgot to call
            // `staleDigest` is found at the next rest point.
            assert(knownDigest == freshDigest(), "\(name) changed and did not say so")
        }
        return knownDigest
    }

    /// The digest made anew, with the same conditions as `digest`.
    func freshDigest() -> UInt64 {
        var hash = StableHash()
        digest(into: &hash)
        return hash.value
    }
}

extension Subtask: SavablePart {
    package var partName: String { name }

    package func digest(into hash: inout StableHash) {
        for port in inlets.indices {
            hash.combine(UInt64(bitPattern: watermarks[port].nanoseconds))
            hash.combine(isInletIdle[port] ? 1 : 0)
            hash.combine(isInletEnded[port] ? 1 : 0)
        }
        hash.combine(isIdle ? 1 : 0)
        hash.combine(isDone ? 1 : 0)
        hash.combine(turns.rawValue)
        trail.digest(into: &hash)
        hash.combine(UInt64(bitPattern: chain.frame.pointee.watermark.nanoseconds))
        hash.combine(chain.frame.pointee.generator.state)
        source?.digest(into: &hash)
        chain.digest(into: &hash)
        for outlet in outlets {
            // Queued and unpublished messages of a channel are one sequence: where it is cut
            // depends on timing.
            outlet.channel?.digest(into: &hash)
            // On an edge that may drop, publishing is a step: how far it has come is state, so a
            // mark divides what is queued from what is not published.
            if let channel = outlet.channel, channel.policy != .block { hash.combine(0x5EA1) }
            outlet.digest(into: &hash)
        }
    }

    package struct Snapshot {
        fileprivate var watermarks: [Instant]
        fileprivate var isInletIdle: [Bool]
        fileprivate var isInletEnded: [Bool]
        fileprivate var isIdle: Bool
        fileprivate var isDone: Bool
        fileprivate var isEnding: Bool
        fileprivate var turns: TurnCount
        fileprivate var trail: ValueTrail
        fileprivate var nextInlet: Int
        fileprivate var lastTurn: Step
        fileprivate var frame: Frame
        fileprivate var counts: [UInt64]
        fileprivate var books: [OperatorBook]
        /// How many elements came through each inlet.
        fileprivate var inletTotals: [UInt64]
        /// How many elements went through each outlet.
        fileprivate var outletTotals: [UInt64]
        /// The source's position; nil where no source is read.
        fileprivate var source: SavedPart?
        fileprivate var operators: [SavedPart]
        fileprivate var outlets: [SavedPart]

        /// About what the fields outside the parts take.
        fileprivate static let ownBytes: ByteCount = 256

        fileprivate var bytes: ByteCount {
            let parts = operators + outlets + (source.map { [$0] } ?? [])
            return parts.reduce(Self.ownBytes) { $0 + $1.bytes }
        }
    }

    package func save() -> Saved<Snapshot> {
        assert(!isDone || isEnding, "\(name) is done and has not seen the end of its input")
        let snapshot = Snapshot(
            watermarks: watermarks, isInletIdle: isInletIdle, isInletEnded: isInletEnded,
            isIdle: isIdle, isDone: isDone, isEnding: isEnding, turns: turns, trail: trail,
            nextInlet: nextInlet, lastTurn: lastTurn, frame: chain.frame.pointee,
            counts: counters.saved, books: (0...chain.links.count).map { chain.books[$0] },
            inletTotals: inlets.map(\.totalElements), outletTotals: outlets.map(\.totalElements),
            source: source?.savePart(), operators: chain.save(),
            outlets: outlets.map { $0.savePart() })
        return Saved(snapshot, bytes: snapshot.bytes)
    }

    package func restore(_ snapshot: Snapshot) {
        precondition(
            snapshot.inletTotals.count == inlets.count && snapshot.outlets.count == outlets.count
                && snapshot.books.count == chain.links.count + 1
                && (snapshot.source == nil) == (source == nil),
            "a saved state of another plan for \(name)")
        assert(turns == 0, "\(name) takes a saved state in behind \(turns) turns of its own")
        staleDigest()
        watermarks = snapshot.watermarks
        (isInletIdle, isInletEnded) = (snapshot.isInletIdle, snapshot.isInletEnded)
        (isIdle, isDone, isEnding) = (snapshot.isIdle, snapshot.isDone, snapshot.isEnding)
        (turns, nextInlet, lastTurn) = (snapshot.turns, snapshot.nextInlet, snapshot.lastTurn)
        trail = snapshot.trail
        // Not the whole frame: its pointers are those of this execution.
        chain.frame.pointee.resume(from: snapshot.frame)
        counters.restore(snapshot.counts)
        for (index, book) in snapshot.books.enumerated() { chain.books[index] = book }
        for (inlet, total) in zip(inlets, snapshot.inletTotals) { inlet.totalElements = total }
        for (outlet, total) in zip(outlets, snapshot.outletTotals) { outlet.totalElements = total }
        counters.watermark.store(
            chain.frame.pointee.watermark.nanoseconds, ordering: .relaxed)
        if let saved = snapshot.source { source?.restorePart(saved) }
        chain.restore(snapshot.operators)
        for (outlet, saved) in zip(outlets, snapshot.outlets) { outlet.restorePart(saved) }
    }
}
