import WeirBase
import WeirTelemetry

/// A condition at which `continue` stops, under its number.
///
/// It says what the person wants. During a search an `ArmedBreakpoint` looks for it.
struct Breakpoint {
    /// What it stops at.
    enum Kind {
        /// Something comes to be so, as `break` says.
        case condition(BreakCondition)
        /// The value of a state changes.
        case watch(StateReference)
    }

    /// Its number in the list, by which `delete` and every stop name it.
    let number: Int
    let kind: Kind
    /// As `info breaks` writes it, in the language of the commands and safe to show.
    let text: String
    /// How often `continue` stopped because of it.
    private(set) var hits = 0

    init(number: Int, _ kind: Kind) {
        self.number = number
        self.kind = kind
        // Made once: the list and every stop show it.
        text = ShownText.line(Self.text(of: kind))
    }

    mutating func hit() { hits += 1 }

    /// The command that would set it.
    private static func text(of kind: Kind) -> String {
        switch kind {
        case .watch(let state): "watch \(state.text)"
        case .condition(.stage(let name, let when)):
            "break stage=\(name)" + (when.map { " when \($0.text)" } ?? "")
        case .condition(.condition(let expression)): "break when \(expression.text)"
        case .condition(.invariant(let name)):
            "break invariant" + (name.map { " \($0)" } ?? "")
        case .condition(.log(let pattern)): "break log /\(pattern.text)/"
        case .condition(.queue(let channel, let level)): "break queue \(channel) \(level.text)"
        }
    }
}

extension Breakpoint {
    /// Whether it stops at this violation or failure. Needed for those that only the replay
    /// finds, as the recorded ones are known beforehand.
    func stops(at incident: Incident) -> Bool {
        guard case .condition(.invariant(let name)) = kind,
            incident.kind == .violation || incident.kind == .failure
        else { return false }
        return name == nil || name == incident.name
    }
}
