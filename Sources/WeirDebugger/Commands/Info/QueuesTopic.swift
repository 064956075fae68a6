import WeirReplay

extension InfoTopic {
    /// `info queues`: how many messages wait in every channel.
    ///
    /// Unpublished messages are those that a turn has emitted and not handed to the channel
    /// yet.
    static let queues = InfoTopic(
        "queues",
        help: [
            "queues       every channel: how many messages wait; in a replay they arrive when",
            "             they are made, so that more than its capacity can wait",
        ],
        answer: { _, debugger, answer in debugger.infoQueues(&answer) })
}

extension Debugger {
    /// Lists the channels. In a replay a channel has no bound: a message is in it as soon as
    /// it is made, whenever the recorded run had room for it. So more than the capacity can
    /// wait.
    fileprivate func infoQueues(_ answer: inout Answer) {
        let queues = run.queues(messages: 0)
        var table = TextTable(["channel", "waiting", "room", "unpublished"], numeric: [1, 2, 3])
        for queue in queues {
            table.row([
                queue.channel, "\(queue.depth)", "\(queue.capacity)", "\(queue.unpublished)",
            ])
        }
        for line in table.lines { answer.line(line) }
        answer.member("queues", .list(queues.map(\.answerValue)))
    }
}
