import WeirBase

/// What a command has to say: as lines for people and as one object for programs.
package struct Answer {
    /// Lines without their ends, safe to show.
    package private(set) var lines: [String] = []
    private var members: [(key: String, value: AnswerValue)] = []
    /// What getting there cost. It differs from run to run, so it stands apart in both forms.
    package private(set) var effort: Effort?
    /// The answer to an assertion, and whether it did not hold.
    package var isAssertion = false
    package var isFailedAssertion = false
    /// The command ends the session.
    package var isQuit = false
    /// Progress was told to stop, and it did before its goal.
    package var isInterrupted = false

    package struct Effort: Equatable, Sendable {
        package var steps: UInt64
        package var nanoseconds: UInt64

        package init(steps: UInt64, nanoseconds: UInt64) {
            self.steps = steps
            self.nanoseconds = nanoseconds
        }

        var described: String {
            let time =
                nanoseconds < 10_000_000_000
                ? "\((nanoseconds + 500_000) / 1_000_000) ms"
                : "\(nanoseconds / 1_000_000_000) s"
            return "ran \(counted(steps, "step")) again in \(time)"
        }
    }

    init(_ kind: String) { members = [("answer", .text(kind))] }

    /// A line; whatever comes from a run is made safe by who builds it.
    mutating func line(_ text: String) { lines.append(text) }

    mutating func member(_ key: String, _ value: AnswerValue) { members.append((key, value)) }

    mutating func member(_ key: String, _ value: AnswerValue?) {
        if let value { members.append((key, value)) }
    }

    mutating func cost(_ effort: Effort) {
        let before = self.effort ?? Effort(steps: 0, nanoseconds: 0)
        self.effort = Effort(
            steps: before.steps &+ effort.steps,
            nanoseconds: before.nanoseconds &+ effort.nanoseconds)
    }

    /// The answer for people. `showsEffort` is for terminals: without it two runs of a script say
    /// the same.
    package func text(showsEffort: Bool) -> String {
        var lines = lines
        if showsEffort, let effort, effort.steps > 0 || effort.nanoseconds > 500_000 {
            if lines.isEmpty {
                lines = [effort.described]
            } else {
                lines[0] += "; \(effort.described)"
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// One line of JSON: `command`, `answer`, the answer's own members, then `steps_run` and
    /// `duration_ns` where something was run.
    package func json(command: String) -> String {
        var json = JSONText()
        json.beginObject()
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

/// A value in an answer for programs, its members in the order they were given.
package indirect enum AnswerValue: Equatable {
    case text(String)
    case integer(Int128)
    case real(Double)
    case flag(Bool)
    case nothing
    case list([AnswerValue])
    case object([Member])
    /// JSON that is known to be whole.
    case raw(String)

    package struct Member: Equatable {
        let key: String
        let value: AnswerValue
    }

    static func number(_ number: some BinaryInteger) -> AnswerValue {
        .integer(Int128(clamping: number))
    }

    /// An object without the members that are nil.
    static func members(_ members: KeyValuePairs<String, AnswerValue?>) -> AnswerValue {
        .object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
    }

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

/// `1 step`, `2 steps`.
func counted(_ count: some BinaryInteger, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
