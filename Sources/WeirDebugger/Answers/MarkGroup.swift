import WeirBase
import WeirReplay
import WeirTelemetry

/// Incidents that say the same: a condition that was broken again and again is one line.
///
/// The arrival of a movement and `info marks` show groups; programs get every incident.
struct MarkGroup {
    /// The first one of the group.
    let mark: Mark
    /// How many incidents the group stands for.
    private(set) var count = 1
    /// The step of the last one.
    private(set) var lastStep: Step

    private init(_ mark: Mark) {
        self.mark = mark
        lastStep = mark.step
    }

    /// The groups in the order of their first incidents. A person's bookmark stays by itself.
    static func groups(of marks: [Mark]) -> [MarkGroup] {
        /// Incidents of one kind and name say the same, whatever their messages.
        struct Key: Hashable {
            var kind: Mark.Kind
            var name: String
        }
        var groups: [MarkGroup] = []
        var places: [Key: Int] = [:]
        for mark in marks {
            let key = Key(kind: mark.kind, name: mark.name)
            // A person may give one name to several steps and wants to see each.
            if mark.kind != .mark, let place = places[key] {
                groups[place].count += 1
                groups[place].lastStep = mark.step
            } else {
                places[key] = groups.count
                groups.append(MarkGroup(mark))
            }
        }
        return groups
    }

    /// What the first one says, with how often it came.
    ///
    /// The name is left out where the message holds it, and the turn where the step itself is
    /// the turn.
    var text: String {
        let name = PrintableText.escaped(mark.name)
        let message = PrintableText.escaped(mark.message, limit: 400)
        // An invariant's message mostly begins with its name.
        let isInMessage = message.isEmpty || message.contains(name)
        var text = "\(mark.kind.rawValue): \(isInMessage && !message.isEmpty ? message : name)"
        if !isInMessage { text += ": \(message)" }
        // An incident found at an access is looked at there, and its turn began before.
        let turn = "in the turn of step \(mark.step)"
        if let element = mark.element {
            let name = PrintableText.escaped(element.operatorName)
            text += ", on element \(element.number) that \(name) took \(turn)"
        } else if mark.lookStep != mark.step {
            text += ", \(turn)"
        }
        if count > 1 {
            let last = lastStep == mark.step ? "" : ", the last at step \(lastStep)"
            text += " (\(count) times\(last))"
        }
        return text
    }
}
