import WeirTelemetry
import WeirTerminal

/// A piece of state before and behind a step, with both values whole as far as a picture has them.
struct ReplayedValueDetails: Details {
    let state: ReplayPicture.State

    var title: String { "State" }

    func facts(of timeline: Timeline) -> [DetailFact] {
        [
            DetailFact("name", state.name, style: Style(bold: true)),
            DetailFact("before", state.before ?? "it was not there"),
            DetailFact(
                "after", state.after ?? "it is not there any more",
                style: Style(state.isChanged ? .warning : .text)),
            DetailFact("step", state.isChanged ? "changed it" : "left it as it was"),
            DetailFact("type", "print state \(state.name)"),
        ]
    }
}

/// A queue with the oldest of its messages.
struct ReplayedQueueDetails: Details {
    let queue: ReplayPicture.Queue

    var title: String { "Queue" }

    func facts(of timeline: Timeline) -> [DetailFact] {
        var facts = [
            DetailFact("channel", queue.channel, style: Style(bold: true)),
            DetailFact("waiting", "\(queue.depth), there is room for \(queue.capacity)"),
        ]
        if queue.unpublished > 0 {
            facts.append(DetailFact("unpublished", "\(queue.unpublished)"))
        }
        for (index, message) in queue.oldest.enumerated() {
            facts.append(DetailFact(index == 0 ? "oldest" : "", message))
        }
        if queue.depth > queue.oldest.count {
            facts.append(DetailFact("type", "print queue \(queue.channel)"))
        }
        return facts
    }
}

/// An answer of the debugger, whole.
struct AnswerDetails: Details {
    let answer: ReplayAnswer

    var title: String { "Answer" }

    func facts(of timeline: Timeline) -> [DetailFact] {
        [DetailFact("command", answer.command, style: Style(bold: true))]
            + answer.lines.map {
                DetailFact("", $0, style: answer.isFault ? Style(.failed) : .plain)
            }
    }
}
