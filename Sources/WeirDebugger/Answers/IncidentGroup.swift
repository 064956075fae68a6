import WeirBase
import WeirReplay
import WeirTelemetry

/// Incidents that say the same: a condition that was broken again and again is one line.
///
/// The arrival of a movement and `info marks` show groups; programs get every incident.
struct IncidentGroup {
    /// The first one of the group.
    let incident: Incident
    /// How many incidents the group stands for.
    private(set) var count = 1
    /// The step of the last one.
    private(set) var lastStep: Step

    private init(_ incident: Incident) {
        self.incident = incident
        lastStep = incident.step
    }

    /// The groups in the order of their first incidents. A person's bookmark stays by itself.
    static func groups(of incidents: [Incident]) -> [IncidentGroup] {
        /// Incidents of one kind and name say the same, whatever their messages.
        struct Key: Hashable {
            var kind: Incident.Kind
            var name: String
        }
        var groups: [IncidentGroup] = []
        var indices: [Key: Int] = [:]
        for incident in incidents {
            let key = Key(kind: incident.kind, name: incident.name)
            // A person may give one name to several steps and wants to see each.
            if incident.kind != .bookmark, let index = indices[key] {
                groups[index].count += 1
                groups[index].lastStep = incident.step
            } else {
                indices[key] = groups.count
                groups.append(IncidentGroup(incident))
            }
        }
        return groups
    }

    /// What the first one says, with how often it came.
    ///
    /// The name is left out where the message holds it, and the turn where the step itself is
    /// the turn.
    var text: String {
        let name = PrintableText.escaped(incident.name)
        let message = ShownText.line(incident.message)
        // An invariant's message mostly begins with its name.
        let isInMessage = message.isEmpty || message.contains(name)
        var text = "\(incident.kind.rawValue): \(isInMessage && !message.isEmpty ? message : name)"
        if !isInMessage { text += ": \(message)" }
        // An incident found at an access is looked at there, and its turn began before.
        let turn = "in the turn of step \(incident.step)"
        if let element = incident.element {
            let name = PrintableText.escaped(element.operatorName)
            text += ", on element \(element.number) that \(name) took \(turn)"
        } else if incident.lookStep != incident.step {
            text += ", \(turn)"
        }
        if count > 1 {
            let last = lastStep == incident.step ? "" : ", the last at step \(lastStep)"
            text += " (\(count) times\(last))"
        }
        return text
    }
}
