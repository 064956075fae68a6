import Testing
import WeirBase
import WeirTelemetry

@testable import WeirEngine

/// Runs a pipeline between diagrams: planned, bound and scheduled as any other, frame by frame.
///
/// In each frame the sources give their marbles, the first source first, and what they cause runs
/// until nothing is left to do; only then comes the next frame. So a diagram of what comes out says
/// in which second each marble did. Behind every turn the books are balanced.
///
/// Every case is run three times: with turns as large as they may be, with turns of one element,
/// and with all state saved and taken in by a new execution at the end of every frame. What comes
/// out may depend on none of that.
struct MarbleRun {
    /// What a run is made of besides its diagrams.
    struct Setup {
        /// What characters stand for in all diagrams.
        var legend = MarbleDiagram.Legend()
        /// What they stand for otherwise in the diagram of what comes out.
        var output = MarbleDiagram.Legend()
        var parallelism = 1
        /// Frames that go on behind the last marble.
        var framesBehind = 0
        /// Whether turns are as large as they may be and nothing else is tried.
        var isOfWholeTurns = false
        /// Called before the streams are put together; for cells and conditions.
        var prepare: @Sendable (Flow) -> Void = { _ in }
    }

    /// What one run came to.
    struct Outcome {
        var diagram: MarbleDiagram
        /// Why it stopped; nil where it did not.
        var cause: StopCause?
        var books: Books
        var violations: [Violation]
        /// Where the books did not balance, or a state that was taken in was another one.
        var problems: [String]
    }

    let outcome: Outcome
    /// As `outcome.diagram` is to be read.
    private let legend: MarbleDiagram.Legend
    private let inputs: [String]
    /// The runs in which something else came out than in the first.
    private let differing: [(how: String, diagram: MarbleDiagram)]

    /// Takes one diagram through what `build` makes of its stream.
    init<Output: Sendable>(
        _ input: String, _ setup: Setup = Setup(),
        _ build: @escaping @Sendable (DataStream<String>) -> DataStream<Output>
    ) throws {
        try self.init([input], setup) { flow, streams in build(streams[0]) }
    }

    /// Takes two diagrams through what `build` makes of both streams.
    init<Output: Sendable>(
        _ first: String, _ second: String, _ setup: Setup = Setup(),
        _ build:
            @escaping @Sendable (DataStream<String>, DataStream<String>) -> DataStream<Output>
    ) throws {
        try self.init([first, second], setup) { flow, streams in build(streams[0], streams[1]) }
    }

    /// Takes diagrams through what `build` makes of their streams and the flow.
    init<Output: Sendable>(
        _ inputs: [String], _ setup: Setup = Setup(),
        _ build: @escaping @Sendable (Flow, [DataStream<String>]) -> DataStream<Output>
    ) throws {
        self.inputs = inputs
        legend = setup.legend.overridden(by: setup.output)
        let diagrams = inputs.map { MarbleDiagram($0, setup.legend) }
        func run(
            turn: Int = EngineBounds.maximumTurnMessages, restoring: Bool = false
        ) throws -> Outcome {
            let stage = try MarbleStage(
                diagrams, setup, turn: turn, isRestoring: restoring, build)
            return try stage.run()
        }
        let whole = try run()
        outcome = whole
        // Where an operator fails, how much of its turn was done depends on the turn.
        guard whole.cause == nil, !setup.isOfWholeTurns else {
            differing = []
            return
        }
        let others = [
            ("in turns of one element", try run(turn: 1)),
            ("saved and restored in each frame", try run(restoring: true)),
        ]
        differing = others.filter { $0.1.diagram != whole.diagram || $0.1.problems != [] }
            .map { (how: $0.0 + $0.1.problems.map { "; " + $0 }.joined(), diagram: $0.1.diagram) }
    }

    /// Records an issue unless what came out is what `diagram` draws; prints both below each other.
    @discardableResult
    func expect(
        _ diagram: String, sourceLocation: SourceLocation = #_sourceLocation
    ) -> MarbleRun {
        let expected = MarbleDiagram(diagram, legend)
        if outcome.diagram != expected {
            record("came out", outcome.diagram, expected, sourceLocation)
        }
        for (how, other) in differing where other != expected {
            record("\(how) came out", other, expected, sourceLocation)
        }
        for (how, other) in differing where other == expected {
            Issue.record("\(how)", sourceLocation: sourceLocation)
        }
        for problem in outcome.problems {
            Issue.record("\(problem)", sourceLocation: sourceLocation)
        }
        return self
    }

    private func record(
        _ what: String, _ found: MarbleDiagram, _ expected: MarbleDiagram,
        _ sourceLocation: SourceLocation
    ) {
        let given = inputs.map { "  " + $0.filter { $0 != " " } }.joined(separator: "\n")
        Issue.record(
            """
            of
            \(given)
            was expected
              \(expected.drawn(legend))
            and \(what)
              \(found.drawn(legend))
            """, sourceLocation: sourceLocation)
    }

    /// What the operator, or the source, that failed said.
    var failure: String? {
        switch outcome.cause {
        case .operatorFailed(_, let message), .inputFailed(_, let message): message
        case .violation, .edgeFull, .outputFailed, .abandoned, nil: nil
        }
    }

    /// `late 3`, in order of stages and reasons.
    var drops: [String] {
        outcome.books.drops.map { "\($0.stage): \($0.count) \($0.reason.rawValue)" }
    }
}

extension MarbleRun.Outcome {
    /// For cases in which several subtasks give their elements in one frame, in no order: records
    /// an issue unless these elements came out in these frames, and no others.
    func expectElements(
        _ expected: [Int: [String]], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var found: [Int: [String]] = [:]
        for (frame, events) in diagram.frames.enumerated() {
            for case .element(let value, _) in events { found[frame, default: []].append(value) }
        }
        found = found.mapValues { $0.sorted() }
        #expect(found == expected, "\(diagram)", sourceLocation: sourceLocation)
    }
}

/// One run of a case: the pipeline, its execution and the frames.
private final class MarbleStage: @unchecked Sendable {
    // Unchecked: as for the clock.

    private let clock = MarbleClock()
    private let sheet: MarbleSheet
    private let planned: PlannedPipeline
    private let outside: LiveOutside
    private let notes = LaneNotes(lanes: nil, logLanes: [], onIncident: { _ in })
    private let lastFrame: Int
    private let turn: Int
    private let isRestoring: Bool
    private var problems: [String] = []
    /// Problems that are told at most: the first one leads to others.
    private static let maximumProblems = 5
    private var steps: Step = 0

    init<Output: Sendable>(
        _ diagrams: [MarbleDiagram], _ setup: MarbleRun.Setup, turn: Int, isRestoring: Bool,
        _ build: @escaping @Sendable (Flow, [DataStream<String>]) -> DataStream<Output>
    ) throws {
        let clock = clock
        let sheet = MarbleSheet(clock)
        self.sheet = sheet
        self.turn = turn
        self.isRestoring = isRestoring
        lastFrame = (diagrams.map(\.frames.count).max() ?? 1) - 1 + setup.framesBehind
        let pipeline = Pipeline("marbles", parallelism: setup.parallelism) { flow in
            setup.prepare(flow)
            let streams = diagrams.enumerated().map { number, diagram in
                flow.marbles("marbles\(number)", diagram, clock)
            }
            build(flow, streams).draw(on: sheet)
        }
        planned = try pipeline.plan()
        var connections = LiveOutside.Connections()
        connections.sources = planned.plan.sources.map { _ in nil }
        connections.storesInput = planned.plan.sources.map { _ in false }
        outside = LiveOutside(
            started: Instant(nanoseconds: 0), clock: RunClock(.virtual), connections: connections,
            lanes: nil)
    }

    func run() throws -> MarbleRun.Outcome {
        var execution = try bound()
        execution.scheduler.run(execution)
        while isRestoring, execution.stopCause == nil, advance() {
            execution = try continuation(of: execution)
            execution.scheduler.run(execution)
        }
        let books = execution.closeBooks()
        return MarbleRun.Outcome(
            diagram: finished(execution), cause: execution.stopCause?.cause, books: books,
            violations: execution.violations.first, problems: problems + books.imbalances)
    }

    /// What was drawn, with the error that ended it.
    private func finished(_ execution: Execution) -> MarbleDiagram {
        if execution.stopCause != nil { sheet.draw(.failure) }
        return sheet.diagram
    }

    private func bound() throws -> Execution {
        let execution = Execution(
            plan: planned.plan, parts: try planned.bind(BindOptions(seed: 1), outside: outside),
            outside: outside, notes: notes, scheduler: SequentialScheduler(self),
            stopsOnViolation: false)
        for subtask in execution.subtasks { subtask.budget = turn }
        return execution
    }

    /// Another execution of the same plan in the same state.
    private func continuation(of execution: Execution) throws -> Execution {
        let other = try bound()
        other.restore(execution.save())
        if other.stateDigest() != execution.stateDigest() {
            problems.append("a state that was saved in frame \(clock.frame) is another one")
        }
        return other
    }

    /// Goes on to the next frame; false behind the last one.
    private func advance() -> Bool {
        guard clock.frame < lastFrame else { return false }
        clock.frame += 1
        outside.clock.advance(to: .seconds(Int64(clock.frame)))
        return true
    }
}

/// Takes whatever turn there is, that of the hindmost stage first and those of the sources last in
/// the order of the diagrams; the next frame when there is none.
extension MarbleStage: StepDirector {
    var stepCount: Step { steps }

    func decide(
        _ scheduler: SequentialScheduler, _ turn: TurnContext
    ) -> SequentialScheduler.Action {
        let execution = turn.execution
        let inner = execution.subtasks.filter { !$0.isSource }.reversed()
        let order = inner + execution.subtasks.filter(\.isSource)
        while !execution.isStopping {
            // Late output may let a stage behind it go on.
            for subtask in order where subtask.hasUnpublished {
                _ = execution.publishLate(subtask, turn)
            }
            for subtask in order where !subtask.hasUnpublished {
                let now = outside.present(isEnding: execution.isEnding)
                guard var choice = subtask.choices(at: now).first else { continue }
                if choice.kind == .input { choice.count = min(choice.count, UInt32(self.turn)) }
                steps = steps.next
                return .turn(subtask, choice, step: steps)
            }
            if isRestoring || !advance() { return .finish }
        }
        return .finish
    }

    func exclusiveStep(
        _ purpose: ExclusivePurpose, slots: Int, _ turn: TurnContext
    ) -> Step {
        steps = steps.next
        return steps
    }

    func mayWait(_ purpose: ExclusivePurpose) -> Bool { false }
    func holds(inside purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
    func holds(after purpose: ExclusivePurpose, _ turn: TurnContext) -> Bool { false }
    func mayPublishStep(_ turn: TurnContext) -> Bool { true }

    func didFinish(_ scheduler: SequentialScheduler, _ turn: TurnContext) {
        turn.execution.checkInvariants()
        for imbalance in turn.execution.books(isOver: false).imbalances
        where problems.count < Self.maximumProblems {
            problems.append("behind step \(steps): \(imbalance)")
        }
    }
}
