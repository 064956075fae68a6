package import WeirEngine
package import WeirTelemetry

/// What the debugger asks of a session; tests give it a small one of their own.
package protocol DebuggedRun: AnyObject {
    var lastStep: UInt64 { get }
    var position: UInt64 { get }
    var divergence: Divergence? { get }
    var marks: [Mark] { get }
    var failureStep: UInt64? { get }
    /// The run died behind its last step, in the middle of turns.
    var diedInTurns: Bool { get }
    var onProgress: ((_ done: UInt64, _ total: UInt64) -> Bool)? { get set }

    func go(to step: UInt64) throws -> ReplaySession.Travel

    func facts(of step: UInt64) throws -> StepFacts?
    func firstStep(
        after: UInt64, through: UInt64, where matches: (StepFacts) throws -> Bool
    ) throws -> UInt64?
    func lastStep(
        before: UInt64, from: UInt64, where matches: (StepFacts) throws -> Bool
    ) throws -> UInt64?
    func step(at microseconds: Int64) throws -> UInt64

    /// Stops at the first step behind the position that is a candidate and passes the test there;
    /// nil leaves the session at `limit`. Throws `ReplayInterrupted`.
    func search(
        through limit: UInt64, candidates: (StepFacts) throws -> Bool, test: () throws -> Bool
    ) throws -> UInt64?
    func lastWrite(_ state: StateID) throws -> UInt64?
    func history(of state: StateID, limit: Int) throws -> [StateAccess]

    var cells: [StateValue] { get }
    func states(of stage: String?, limit: Int) throws -> (entries: [StateValue], omitted: Int)
    func find(_ name: String) throws -> [StateValue]
    func queues(messages limit: Int) -> [QueueFacts]
    var subtasks: [SubtaskFacts] { get }
    var watermarks: [WatermarkFacts] { get }
    /// What became of every element up to here.
    var books: Books { get }
    func runnable() throws -> [RunnableFacts]
    var threads: [(subtask: String, state: String)] { get }
    func event(source: String, index: UInt64) throws -> (text: String, step: UInt64?)?
    /// Recorded log lines of steps up to `through`, in the order of the run, until `body` says no.
    func logLines(through: UInt64, _ body: (LogLineFacts) throws -> Bool) throws

    var subtaskNames: [String] { get }
    var stageNames: [String] { get }
    var channelNames: [String] { get }
    var cellNames: [String] { get }
    var sourceNames: [String] { get }
    var invariantNames: [String] { get }
}

/// A recorded log line, in words and as an export writes it.
package struct LogLineFacts {
    package var step: UInt64
    package var level: LogLevel
    /// `reserve/1`; empty for a record that was made outside turns.
    package var subtask: String
    /// Message and fields: `stock_short order=8 item=17`.
    package var text: String
    /// One JSON object, made when it is asked for.
    package var json: () throws -> String

    package init(
        step: UInt64, level: LogLevel, subtask: String, text: String,
        json: @escaping () throws -> String
    ) {
        self.step = step
        self.level = level
        self.subtask = subtask
        self.text = text
        self.json = json
    }
}
