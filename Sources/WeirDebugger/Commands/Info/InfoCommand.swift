import WeirBase
import WeirReplay

extension DebuggerCommand {
    /// `info TOPIC`: lists what there is of one kind where the run is.
    ///
    /// None of the topics moves the run. Each is a table for people, and a list of objects
    /// for programs under the topic's name.
    static let info = DebuggerCommand(
        .looking, "info", short: ["i"],
        Help("info TOPIC", "list what there is here", details: InfoTopic.help),
        read: { text throws(CommandError) in try InfoArguments.read(&text) },
        obey: { arguments, debugger in
            // The topic is the kind of the answer, so that programs can tell them apart.
            var answer = Answer(arguments.topic.name)
            if arguments.topic.dependsOnPosition {
                answer.member("step", .number(debugger.run.position))
            }
            try arguments.topic.answer(arguments.stage, debugger, &answer)
            return answer
        },
        candidates: { request, debugger in
            request.isFirst ? InfoTopic.all.map(\.name) : debugger.run.stageNames
        })
}

/// What `info` takes: a topic, and for some topics the name of a stage.
struct InfoArguments: Equatable {
    var topic: InfoTopic
    /// The stage that was named; nil for all, and for topics that take none.
    var stage: String?

    /// Topics hold functions, which cannot be compared; their names tell them apart.
    static func == (left: InfoArguments, right: InfoArguments) -> Bool {
        left.topic.name == right.topic.name && left.stage == right.stage
    }

    /// Reads the topic, and a stage behind it where the topic takes one.
    fileprivate static func read(_ text: inout CommandText) throws(CommandError) -> InfoArguments {
        text.skipSpace()
        let column = text.position
        // Topics may be written in either case and shortened, like commands.
        let topic = try InfoTopic.find(text.word().lowercased(), at: column)
        // What follows another topic is refused as more than the command takes.
        guard topic.takesStage else { return InfoArguments(topic: topic, stage: nil) }
        let stage = text.word()
        return InfoArguments(topic: topic, stage: stage.isEmpty ? nil : stage)
    }
}
