import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// A picture of a replay that has something of everything.
enum ExampleReplay {
    static let names = ["ingest/0", "parse/0", "enrich/0", "enrich/1", "window/0"]

    /// Around step 600,000 of 640,000: `enrich/1` accesses a cell in a turn that began some steps
    /// before, between steps of all others.
    static func picture(step: Step = 600_000) -> ReplayPicture {
        let first = Step(step.rawValue - 80)
        let kinds: [(StepKind, SubtaskIndex)] = [
            (.input, 0), (.publish, 0), (.input, 1), (.input, 2), (.access, 2), (.timer, 4),
            (.rest, 0), (.input, 1),
        ]
        var columns = (0..<160).map { index in
            let (kind, subtask) = kinds[index % kinds.count]
            let own = Step(first.rawValue + UInt64(index))
            let turn: Step = kind.beginsTurn ? own : kind == .rest ? 0 : own.previous
            return ReplayPicture.Column(kind: kind, subtask: subtask, turn: turn)
        }
        columns[74] = .init(kind: .input, subtask: 3, turn: Step(step.rawValue - 6))
        columns[80] = .init(kind: .access, subtask: 3, turn: Step(step.rawValue - 6))
        return ReplayPicture(
            step: step, lastStep: 640_000, time: 61_234_567,
            what: "enrich/1 accesses cell budget in the turn of step 599994", subtask: 3,
            failure: 600_000, incidents: ["violation: budget is never overdrawn does not hold"],
            lanes: .init(
                first: first, columns: columns,
                subtasks: names.enumerated().map { .init(index: SubtaskIndex($0), name: $1) }),
            replayed: replayed,
            breaks: [.init(number: 1, text: "break stage=enrich", hits: 3)])
    }

    private static let replayed = ReplayPicture.Replayed(
        queues: [
            .init(
                channel: "parse/0>enrich/1", depth: 8_192, capacity: 8_192, unpublished: 12,
                oldest: ["Order(id: 5512, note: \"café か \u{1B}[2J\")", "watermark(12:04:15)"]),
            .init(
                channel: "enrich/1>window/0", depth: 26, capacity: 512, unpublished: 0, oldest: []),
        ], omittedQueues: 3,
        states: [
            .init(
                name: "cell budget", before: "Budget(owner: \"a long name of somebody\", left: 0)",
                after: "Budget(owner: \"a long name of somebody\", left: -1000)", isChanged: true),
            .init(name: "enrich[o-5512]", before: nil, after: "Try(count: 2)", isChanged: true),
            .init(
                name: "enrich[o-1190]", before: "Try(count: 1)", after: "Try(count: 1)",
                isChanged: false),
        ], omittedStates: 37,
        choices: [
            .init(
                subtask: "enrich/1",
                what: "in the turn of step 599994, waits to access cell budget",
                isRecorded: true),
            .init(subtask: "ingest/0", what: "source", isRecorded: false),
        ])

    /// A screen with a replay that was opened by its key and stands there, with an answer.
    static func model(
        _ width: Int = 120, _ height: Int = 36, _ look: FrameTests.Look = .unicode
    ) -> ScreenModel {
        var model = ExampleRun.model(
            seconds: 71, width: width, height: height, symbols: look.symbols, color: look.hasColor,
            hasNotices: true, views: ScreenViews.all)
        _ = model.update(.key(.character("5")))
        arrive(&model, "open")
        return model
    }

    /// Answers a command: the replay stands at a step.
    static func arrive(
        _ model: inout ScreenModel, _ command: String, step: Step = 600_000
    ) {
        _ = model.update(.replay(.picture(picture(step: step))))
        let lines = ["step \(step) of 640000: enrich/1 accesses cell budget", "  and what else"]
        _ = model.update(
            .replay(.answer(ReplayAnswer(command: command, lines: lines, isFault: false))))
    }
}
