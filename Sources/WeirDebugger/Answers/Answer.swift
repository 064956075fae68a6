import WeirBase

/// What a command has to say, as lines for people and as one object for programs.
///
/// A command makes an answer, adds lines and members to it side by side, and returns it.
/// `WeirApp` then writes one of the two forms.
///
/// Nothing in it depends on the machine but the `effort`, which is kept apart for that
/// reason. So two runs of a script can be compared byte by byte.
package struct Answer {
    /// Lines without their ends, safe to show on a terminal.
    package private(set) var lines: [String] = []
    /// The members of the object, in the order in which they were added.
    private var members: [(key: String, value: AnswerValue)] = []
    /// What getting there cost; nil for a command that moved nothing. It differs from run to
    /// run.
    package private(set) var effort: Effort?
    /// Whether this is the answer to an assertion.
    package var isAssertion = false
    /// Whether the assertion did not hold, which makes the exit code of a script.
    package var isFailedAssertion = false
    /// Whether the command ends the session.
    package var isQuit = false
    /// Whether the movement was told to stop and did so before its goal.
    package var isInterrupted = false

    /// The steps that were run and the time that they took.
    package struct Effort: Equatable, Sendable {
        /// Steps that were run. Going back costs those since the snapshot before the goal.
        package var steps: Int
        /// How long it took by the debugger's clock.
        package var nanoseconds: UInt64

        package init(steps: Int, nanoseconds: UInt64) {
            self.steps = steps
            self.nanoseconds = nanoseconds
        }

        /// The effort in words. Times from ten seconds on are told in seconds.
        var described: String {
            let time =
                nanoseconds < 10_000_000_000
                ? "\((nanoseconds + 500_000) / 1_000_000) ms"
                : "\(nanoseconds / 1_000_000_000) s"
            return "ran \(counted(steps, "step")) again in \(time)"
        }
    }

    /// An answer of a kind, which becomes its member `answer`.
    init(_ kind: String) { members = [("answer", .text(kind))] }

    /// Adds a line. Whatever comes from a run must have been made safe by the caller.
    mutating func line(_ text: String) { lines.append(text) }

    /// Adds a member. Nothing needs to be made safe here: JSON escapes it.
    mutating func member(_ key: String, _ value: AnswerValue) { members.append((key, value)) }

    /// Adds a member if there is a value for it.
    mutating func member(_ key: String, _ value: AnswerValue?) {
        if let value { members.append((key, value)) }
    }

    /// Adds to the effort.
    mutating func cost(_ effort: Effort) {
        let before = self.effort ?? Effort(steps: 0, nanoseconds: 0)
        self.effort = Effort(
            steps: before.steps &+ effort.steps,
            nanoseconds: before.nanoseconds &+ effort.nanoseconds)
    }

    /// The answer for people.
    ///
    /// `showsEffort` is for terminals. Without it two runs of a script say the same.
    package func text(showsEffort: Bool) -> String {
        var lines = lines
        // Half a millisecond without a step is not worth a word.
        if showsEffort, let effort, effort.steps > 0 || effort.nanoseconds > 500_000 {
            if lines.isEmpty {
                lines = [effort.described]
            } else {
                lines[0] += "; \(effort.described)"
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The answer as one line of JSON: `command`, `answer`, the answer's own members, and
    /// then `steps_run` and `duration_ns` where something was run.
    package func json(command: String) -> String {
        var json = JSONText()
        json.beginObject()
        // The command as it was typed, so that each line of a script's output explains
        // itself.
        json.member("command", command)
        for (key, value) in members {
            json.key(key)
            value.write(&json)
        }
        if let effort {
            json.member("steps_run", effort.steps)
            json.member("duration_ns", effort.nanoseconds)
        }
        json.endObject()
        json.endLine()
        return json.string
    }
}

/// A value in an answer for programs. The members of an object keep the order in which they
/// were given, so that equal answers are equal bytes.
package indirect enum AnswerValue: Equatable {
    case text(String)
    /// A whole number. 128 bits hold every integer that a pipeline's state can have in
    /// practice.
    case integer(Int128)
    /// Any other number; what JSON cannot hold becomes null.
    case real(Double)
    case flag(Bool)
    /// No value, where the member itself must be there.
    case nothing
    case list([AnswerValue])
    case object([Member])
    /// Text that is known to be a whole piece of JSON and is written as it is.
    case raw(String)

    /// A key of an object and its value.
    package struct Member: Equatable {
        let key: String
        let value: AnswerValue
    }

    /// A whole number of any type; one beyond 128 bits is clamped.
    static func number(_ number: some BinaryInteger) -> AnswerValue {
        .integer(Int128(clamping: number))
    }

    /// A number with a unit as the bare number.
    static func number(_ number: some UnitNumber) -> AnswerValue { .number(number.rawValue) }

    /// An object of those members that are not nil.
    static func members(_ members: KeyValuePairs<String, AnswerValue?>) -> AnswerValue {
        .object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
    }

    /// Writes the value as JSON.
    func write(_ json: inout JSONText) {
        switch self {
        case .text(let text): json.value(text)
        case .integer(let integer): json.value(integer)
        case .real(let real): json.value(real)
        case .flag(let flag): json.value(flag)
        case .nothing: json.raw("null")
        case .raw(let text): json.raw(text)
        case .list(let values):
            json.beginArray()
            for value in values { value.write(&json) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            for member in members {
                json.key(member.key)
                member.value.write(&json)
            }
            json.endObject()
        }
    }
}

/// A number with its noun: `1 step`, `2 steps`.
func counted(_ count: some BinaryInteger, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
