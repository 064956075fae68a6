import Glibc
import WeirApp

/// Pipelines that lose elements, or break a condition: the program of the end-to-end tests about
/// what became of each.
@main struct BooksFixture: WeirProgram {
    static let pipelines = [late, echo, slow, spend]
}

struct Event: Codable, Sendable {
    var time: Int64
    var key: String
}

/// Counts by key in windows of ten nanoseconds; lines are a time and a key.
private let late = Pipeline("late") { flow in
    flow.read(
        "events",
        from: .lines(watermark: .boundedDisorder(.zero, granularity: .nanoseconds(1))) {
            line, _ in
            let words = String(decoding: line).split(separator: " ")
            let time = Int64(words.first ?? "0") ?? 0
            return (
                Event(time: time, key: String(words.last ?? "?")), Instant(nanoseconds: time)
            )
        }
    )
    .keyed(by: \.key)
    .window(.tumbling(.nanoseconds(10)))
    .aggregate("count", from: 0) { count, _ in count += 1 }
    .write("panes") { "\($0.key) \($0.start.nanoseconds) \($0.value)" }
}

/// Writes each line again.
private let echo = Pipeline("echo") { flow in
    flow.read("lines", from: .text()).write("rows") { $0 }
}

/// Takes 400 µs for each line, three times: what is queued takes seconds, and no turn is as long as
/// a stop waits.
private let slow = Pipeline("slow") { flow in
    var lines = flow.read("lines", from: .text())
    for stage in ["first", "second", "third"] {
        lines = lines.keyed { $0 }
            .process(stage, state: 0, emitting: String.self) { line, _, context in
                usleep(400)
                context.emit(line)
            }
    }
    lines.write("rows") { $0 }
}

/// Takes each line's number from one budget of 100, and checks what is left on the stream.
private let spend = Pipeline("spend") { flow in
    let budget = flow.sharedCell("budget", initial: 100)
    flow.read("lines", from: .text())
        .process("take", state: 0, emitting: Int.self) { line, _, context in
            let price = Int(line) ?? 0
            context.emit(
                budget.update { left in
                    left -= price
                    return left
                })
        }
        .invariant("something is left") { $0 >= 0 }
        .write("rows") { "\($0)" }
}
