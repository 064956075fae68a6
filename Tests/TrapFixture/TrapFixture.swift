import Glibc
import WeirApp

/// Pipelines that die or hang: the program of the end-to-end tests about turns in flight and ends.
///
/// Each does something fatal at element 900, in a stage of two subtasks.
@main struct TrapFixture: WeirProgram {
    static let pipelines = [
        outside, insideCell, behindCell, atSource, atSink, endless, harmless, exiting,
        endlessInCell, endlessAtSource, endlessAtSink, endlessAtRest, endlessWhenReplayed,
        violatedAndEndless, throwing, refusing,
    ]

    static let fatalElement = 900
    /// Long enough for the other subtask to get as far as it can.
    static let pause: UInt32 = 50_000
}

private let numbers = Source<Int>.generator { index, _ in
    (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
}

private let isFatal: @Sendable (Int) -> Bool = { $0 == TrapFixture.fatalElement }

/// A pipeline whose stage `pick` does `body` with a cell for each element.
private func picking(
    _ name: String, _ body: @escaping @Sendable (Int, SharedCell<[Int]>) -> Void
) -> Pipeline {
    Pipeline(name, defaultLimit: 3_000) { flow in
        let counts = flow.sharedCell("counts", initial: [0, 0, 0])
        flow.read("numbers", from: numbers)
            .keyed { $0 % 7 }
            .process("pick", state: 0, emitting: Int.self) { number, seen, context in
                seen += 1
                body(number, counts)
                context.emit(number)
            }
            .write("picked") { "\($0)" }
    }
}

/// Traps in an operator's closure, in a pipeline without cells.
private let outside = Pipeline("outside", defaultLimit: 3_000) { flow in
    flow.read("numbers", from: numbers)
        .keyed { $0 % 7 }
        .process("pick", state: [0, 0, 0], emitting: Int.self) { number, seen, context in
            seen[isFatal(number) ? 3 : 0] += 1
            context.emit(number)
        }
        .write("picked") { "\($0)" }
}

/// Traps inside a cell's closure, while the other subtask waits for the cell.
private let insideCell = picking("inside-cell") { number, counts in
    counts.update { counts in
        if isFatal(number) { usleep(TrapFixture.pause) }
        counts[isFatal(number) ? 3 : 0] += 1
    }
}

/// Traps behind its last access, while the other subtask goes on with the cell.
private let behindCell = picking("behind-cell") { number, counts in
    counts.update { $0[1] += 1 }
    guard isFatal(number) else { return }
    usleep(TrapFixture.pause)
    preconditionFailure("element \(number) is not wanted")
}

/// Traps in a source's closure.
private let atSource = Pipeline("at-source", defaultLimit: 3_000) { flow in
    flow.read(
        "numbers",
        from: Source<Int>.generator { index, _ in
            precondition(index != UInt64(TrapFixture.fatalElement))
            return (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
        }
    )
    .write("picked") { "\($0)" }
}

/// Traps while it makes a row.
private let atSink = Pipeline("at-sink", defaultLimit: 3_000) { flow in
    flow.read("numbers", from: numbers)
        .write("picked") { number in
            precondition(!isFatal(number))
            return "\(number)"
        }
}

/// Never comes back; says so on standard error.
private let endless = picking("endless") { number, counts in
    counts.update { $0[1] += 1 }
    if isFatal(number) { hang() }
}

/// Ends the process, as if nothing were wrong, or with the code that its environment names.
private let exiting = picking("exiting") { number, counts in
    counts.update { $0[1] += 1 }
    guard isFatal(number) else { return }
    exit(getenv("FIXTURE_EXIT").flatMap { Int32(String(cString: $0)) } ?? 0)
}

/// Says where it is, and comes back after a while: to be killed meanwhile.
private let harmless = picking("harmless") { number, counts in
    counts.update { counts in
        counts[2] += 1
        guard isFatal(number) else { return }
        _ = write(STDERR_FILENO, "here\n", 5)
        usleep(10 * TrapFixture.pause)
    }
}

/// Says so on standard error, and never comes back.
private func hang() -> Never {
    _ = write(STDERR_FILENO, "stuck\n", 6)
    while true { usleep(1_000) }
}

/// Never comes back from a cell's closure, while the other subtask waits for the cell.
private let endlessInCell = picking("endless-in-cell") { number, counts in
    counts.update { counts in
        counts[2] += 1
        if isFatal(number) { hang() }
    }
}

/// Never comes back from the source's closure.
private let endlessAtSource = Pipeline("endless-at-source", defaultLimit: 3_000) { flow in
    flow.read(
        "numbers",
        from: Source<Int>.generator { index, _ in
            if index == UInt64(TrapFixture.fatalElement) { hang() }
            return (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
        }
    )
    .write("picked") { "\($0)" }
}

/// Never comes back while it makes a row.
private let endlessAtSink = Pipeline("endless-at-sink", defaultLimit: 3_000) { flow in
    flow.read("numbers", from: numbers)
        .write("picked") { number in
            if isFatal(number) { hang() }
            return "\(number)"
        }
}

/// Never comes back from a condition over two cells, checked where the run is at rest.
private let endlessAtRest = Pipeline("endless-at-rest", defaultLimit: 3_000) { flow in
    let (left, right) = (flow.sharedCell("left", initial: 0), flow.sharedCell("right", initial: 0))
    flow.invariant("the sides are equal", on: left, and: right) { left, _ in
        if left > TrapFixture.fatalElement { hang() }
        return true
    }
    flow.read("numbers", from: numbers)
        .map("count") { number in
            left.update { $0 += 1 }
            right.update { $0 += 1 }
            return number
        }
        .write("picked") { "\($0)" }
}

/// Comes back in the run, and never in a replay whose environment says so.
private let endlessWhenReplayed = picking("endless-when-replayed") { number, counts in
    counts.update { $0[1] += 1 }
    if isFatal(number), getenv("FIXTURE_HANGS") != nil { hang() }
}

/// Breaks an invariant in one subtask, once the other does not come back.
private let violatedAndEndless = Pipeline("violated-and-endless", defaultLimit: 3_000) { flow in
    let counts = flow.sharedCell("counts", initial: [0, 0])
    flow.invariant("the second is zero", on: counts) { $0[1] == 0 }
    flow.read("numbers", from: numbers)
        .keyed { $0 % 7 }
        .process("pick", state: 0, emitting: Int.self) { number, seen, context in
            if isFatal(number) {
                counts.update { $0[0] = number }
                hang()
            }
            counts.update { if $0[0] > 0 { $0[1] = 1 } }
            context.emit(number)
        }
        .write("picked") { "\($0)" }
}

/// What an operator throws at the fatal element.
private struct Unwanted: Error, CustomStringConvertible {
    let number: Int
    var description: String { "element \(number) is not wanted" }
}

/// Throws in an operator without a name, which is fused with its source.
private let throwing = Pipeline("throwing", defaultLimit: 3_000) { flow in
    flow.read("numbers", from: numbers)
        .map { number in
            if isFatal(number) { throw Unwanted(number: number) }
            return number
        }
        .write("picked") { "\($0)" }
}

/// Reads lines of JSON into a stage that is called by another operator.
private let refusing = Pipeline("refusing") { flow in
    flow.read("visits", from: .jsonLines(as: [String: Int].self))
        .filter("wanted") { _ in true }
        .write("kept") { "\($0.count)" }
}
