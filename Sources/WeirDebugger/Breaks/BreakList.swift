import WeirBase

/// The breaks and watches of a debugger under their numbers.
///
/// A number is never given twice in a session, so that an old script cannot delete a new
/// break by mistake. There is room for a bounded number; a further one is refused.
struct BreakList {
    /// The breaks in the order in which they were set.
    private(set) var all: [Breakpoint] = []
    /// The number that was given last.
    private var lastNumber = 0

    var isEmpty: Bool { all.isEmpty }

    /// Throws when there are too many breaks for another one.
    func requireRoom() throws(CommandError) {
        guard all.count < DebuggerBounds.maximumBreaks else {
            throw CommandError(
                "there are \(DebuggerBounds.maximumBreaks) breaks already",
                "Delete one with 'delete N'")
        }
    }

    /// Adds a break under the next number.
    mutating func add(_ kind: Breakpoint.Kind) throws(CommandError) -> Breakpoint {
        try requireRoom()
        lastNumber += 1
        let point = Breakpoint(number: lastNumber, kind)
        all.append(point)
        return point
    }

    /// Removes the break with a number, or all with nil, and gives those that are gone.
    mutating func remove(_ number: Int?) throws(CommandError) -> [Breakpoint] {
        // With nil all of them, which is no mistake even where there are none.
        let gone = all.filter { number == nil || $0.number == number }
        if let number, gone.isEmpty {
            let numbers = all.map { "\($0.number)" }.joined(separator: ", ")
            throw CommandError(
                "there is no break \(number)",
                all.isEmpty ? "There are none" : "There are: \(numbers)")
        }
        all.removeAll { point in gone.contains { $0.number == point.number } }
        return gone
    }

    /// Counts a stop of a break.
    mutating func hit(_ number: Int) {
        for index in all.indices where all[index].number == number { all[index].hit() }
    }
}

extension Debugger {
    /// Sets a break or a watch, as `break` and `watch` do. Names that mean nothing in this
    /// run are refused before the break gets a number.
    func add(_ kind: Breakpoint.Kind) throws -> Answer {
        try breaks.requireRoom()
        try check(kind)
        let point = try breaks.add(kind)
        var answer = Answer("break")
        answer.line("\(point.number): \(point.text)")
        if case .watch(let reference) = kind, let value = try? reference.value(in: self, at: nil),
            !ReflectedValue.compared(value).isWhole
        {
            answer.line(
                "it is too large or too deep to be compared as a whole: a change far inside may go "
                    + "unnoticed. Watch a part of it")
        }
        answer.member("number", .number(point.number))
        answer.member("text", .text(point.text))
        return answer
    }
}
