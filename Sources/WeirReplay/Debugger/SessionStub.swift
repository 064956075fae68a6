import WeirEngine
package import WeirTelemetry
package enum ReplaySession {
    package struct Travel: Equatable, Sendable {
        package var from: UInt64, to: UInt64
        package var stepsRun: UInt64
        package var nanoseconds: UInt64
        package var isInterrupted = false
    }
}
package struct StepFacts: Equatable, Sendable {
    package var step: UInt64
    package var kind: StepKind
    package var subtask: UInt16
    package var turn: UInt64
    package var port: UInt16
    package var count: UInt32
    package var time: Int64
}
package enum StateID: Hashable, Sendable {
    case cell(UInt16)
    case entry(subtask: UInt16, operator: String, key: String)
}
package struct StateValue {
    package var id: StateID
    package var name: String
    package var value: Any
    package var asOfTurn: UInt64?
}
package struct QueueFacts: Equatable, Sendable { package var channel: String; package var depth: Int; package var capacity: Int; package var unpublished: Int; package var oldest: [String] }
package struct SubtaskFacts: Equatable, Sendable { package var name: String; package var turns: UInt64; package var recordsIn: UInt64; package var recordsOut: UInt64; package var watermark: String; package var isDone: Bool; package var openTurn: UInt64? }
package struct RunnableFacts: Equatable, Sendable { package var subtask: String; package var what: String }
package struct ReplayInterrupted: Error, Equatable, Sendable { package let step: UInt64 }
