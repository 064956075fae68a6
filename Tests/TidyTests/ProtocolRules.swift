/// The rules that make a replay exact, by their numbers.
///
/// Each was tried in a model of the whole protocol before it was written, and each is held by at
/// least one test whose sentence begins with `rule N:`. Who changes a rule changes its line here
/// and its tests.
enum ProtocolRules {
    static let all: [Int: String] = [
        1: "a turn looks, takes its number, notes its beginning, runs, publishes, notes its end",
        2: "room for a note is set aside before a lock or a number, and every note fits its lane",
        3: "a commit word is the position in the lane's lifetime, and is stored last",
        4: "every channel and every hand-over has one producer and one consumer",
        5: "a subtask with unpublished output takes no turn, and a body never sees depth",
        6: "input and results lie in mapped memory before they are handed over",
        7: "publishing to and taking from an edge that may drop are numbered under its lock",
        8: "a publish is a step of its own that notes what became of each message",
        9: "between two elements an edge that may drop holds one control of a class at most",
        10: "a watermark replaces one of its own turn with nothing between, and no other",
        11: "a turn's time is cut to microseconds, deadlines are rounded up to them",
        12: "a timer turn fires all that are due, and what is set in it fires in a later one",
        13: "a completion notes the numbers of the calls it takes",
        14: "every call has a time-out, which outlives the end of input",
        15: "after a violation or a failure no turn begins, and the least step is reported",
        16: "after a stop the writer empties its hand-over",
        17: "while a continuation is open its subtask takes no other turn",
        18: "at a rest point no turn is open, and it is noted by who asks for it",
        19: "rest points keep their distance",
        20: "a cut needs a place where no turn is open",
        21: "a cut holds queued and unpublished messages as one sequence, and all that is counted",
        22: "a chunk holds what the turns in it need, and with a rest point all ends before it",
        23: "a lane's tail moves behind the file, and what lies behind a missing number waits",
        24: "a number without a note did nothing, and each thread has one at most",
        25: "a turn in flight is begun and held where its run may have died",
        26: "turns in flight are run in a process of their own",
        27: "logs that were lost are counted in the places of the others",
        28: "what a kept step needs is kept",
        29: "lanes carry their run's number and a lock that nobody inherits",
        30: "the program starts itself again by its resolved path",
        31: "an access to a cell is numbered and noted inside the cell's lock",
    ]

    /// The number in `func \`rule 7: …\`()`, for each test of a file that names a rule.
    static func named(in file: SourceFile) -> [(rule: Int, line: Int)] {
        file.lines.enumerated().flatMap { index, line in
            line.matches(of: /func `rule (\d+): [^`]{10,}`\(/).compactMap { match in
                Int(match.1).map { (rule: $0, line: index + 1) }
            }
        }
    }
}
