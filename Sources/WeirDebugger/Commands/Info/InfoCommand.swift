import WeirBase
import WeirReplay

extension DebuggerCommand {
    static let info = DebuggerCommand(
        .looking, "info", short: ["i"],
        Help("info TOPIC", "list what there is here", details: InfoTopic.help),
        read: { text throws(CommandError) in try InfoArguments.read(&text) },
        obey: { arguments, debugger in
            var answer = Answer(arguments.topic.name)
            if arguments.topic.isOfPlace { answer.member("step", .number(debugger.run.position)) }
            try arguments.topic.answer(arguments.stage, debugger, &answer)
            return answer
        },
        candidates: { place, debugger in
            place.isFirst ? InfoTopic.all.map(\.name) : debugger.run.stageNames
        })
}

/// What `info` takes.
struct InfoArguments: Equatable {
    var topic: InfoTopic
    var stage: String?

    static func == (left: InfoArguments, right: InfoArguments) -> Bool {
        left.topic.name == right.topic.name && left.stage == right.stage
    }

    fileprivate static func read(_ text: inout CommandText) throws(CommandError) -> InfoArguments {
        text.skipSpace()
        let column = text.place
        let topic = try InfoTopic.find(text.word().lowercased(), at: column)
        guard topic.takesStage else { return InfoArguments(topic: topic, stage: nil) }
        let stage = text.word()
        return InfoArguments(topic: topic, stage: stage.isEmpty ? nil : stage)
    }
}
