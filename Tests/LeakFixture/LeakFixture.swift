import Glibc
import WeirApp

/// A pipeline that reads what it must not: the program of the leak matrix.
///
/// `--set leak=` says what is read, `--set place=` where it gets to, `--set ending=` how the run
/// ends. Everything but the leak is the same in a run and in its replay.
@main struct LeakFixture: WeirProgram {
    static let pipelines = [leaking]
}

/// Where a leak gets to.
private enum Destination: String, CaseIterable, Sendable {
    case value, state, key, branch, timer, row, log, condition, passing, first, rare, last
    /// Nowhere: the run must be found identical.
    case nowhere
}

private enum Ending: String, Sendable {
    case finished, violated, failed, killed
}

private enum Numbers {
    /// Elements of a run.
    static let count: UInt64 = 1_200
    /// The element at which a run that does not finish ends.
    static let ending = 1_100
    /// Set in the run alone: a killed run's replay must not kill itself.
    static let killVariable = "LEAK_KILL"
    static let rareInterval = 400
}

private struct Item: Codable, Sendable {
    var index: Int
    var value: UInt64
}

private struct Seen: Codable, Sendable {
    var count = 0
    var sum: UInt64 = 0
    var scratch: UInt64 = 0
}

private struct Unwanted: Error, CustomStringConvertible {
    let index: Int
    var description: String { "element \(index) is not wanted" }
}

private func choice<Choice: RawRepresentable>(
    _ flow: Flow, _ name: String, _ fallback: Choice
) -> Choice where Choice.RawValue == String {
    if let choice = Choice(rawValue: flow.parameter(name)) { return choice }
    flow.refuse("\(name)=\(flow.parameter(name)) is no choice")
    return fallback
}

private let leaking = Pipeline(
    "leaking",
    parameters: [
        Parameter("leak", default: Leak.clock.rawValue),
        Parameter("place", default: Destination.value.rawValue),
        Parameter("ending", default: Ending.finished.rawValue),
    ],
    defaultLimit: Numbers.count
) { flow in
    let leak = choice(flow, "leak", Leak.clock)
    let destination = choice(flow, "place", Destination.value)
    let ending = choice(flow, "ending", Ending.finished)
    let checked = flow.sharedCell("checked", initial: 0)
    if destination == .condition {
        flow.invariant("the condition", on: checked) { $0 >= 0 && leak.holds($0) }
    }
    flow.read(
        "numbers",
        from: Source<Int>.generator { index, _ in
            (Int(clamping: index), Instant(milliseconds: Int64(clamping: index)))
        }
    )
    .keyed { $0 % 4 }
    .process(
        "leaky", state: Seen(), emitting: Item.self,
        onTimer: { _, seen, _ in seen.count += 1_000 }
    ) { index, seen, context in
        try end(ending, at: index)
        seen.count += 1
        if destination == .condition { checked.update { $0 = index } }
        leakInto(destination, leak, index, &seen, &context)
        context.emit(Item(index: index, value: value(destination, leak, index)))
    }
    .invariant("the ending") { ending != .violated || $0.index < Numbers.ending }
    .keyed { destination == .key && leak.bit($0.index) ? $0.index % 4 + 4 : $0.index % 4 }
    .process("behind", state: Seen(), emitting: Item.self) { item, seen, context in
        seen.count += 1
        seen.sum &+= item.value
        context.emit(item)
    }
    .write("rows") { item in
        destination == .row && leak.bit(item.index) ? "\(item.index) odd" : "\(item.index) even"
    }
}

private func end(_ ending: Ending, at index: Int) throws {
    guard index == Numbers.ending else { return }
    switch ending {
    case .finished, .violated: break
    case .failed: throw Unwanted(index: index)
    case .killed:
        if getenv(Numbers.killVariable) != nil { kill(getpid(), SIGKILL) }
    }
}

/// What is emitted for an element.
private func value(_ destination: Destination, _ leak: Leak, _ index: Int) -> UInt64 {
    let leaks =
        switch destination {
        case .value: true
        case .first: index == 0
        case .rare: index % Numbers.rareInterval == Numbers.rareInterval - 1
        case .last: index == Int(Numbers.count) - 1
        case .state, .key, .branch, .timer, .row, .log, .condition, .passing, .nowhere: false
        }
    return leaks ? leak.value() : UInt64(index)
}

/// What an element leaves behind besides.
private func leakInto(
    _ destination: Destination, _ leak: Leak, _ index: Int, _ seen: inout Seen,
    _ context: inout OperatorContext<Item>
) {
    switch destination {
    case .state: seen.scratch ^= leak.value()
    case .passing: seen.scratch = seen.count % 2 == 1 ? leak.value() : 0
    case .branch:
        if leak.bit(index) { context.emit(Item(index: index, value: 0)) }
    case .timer:
        if leak.bit(index) {
            context.setTimer(atEventTime: context.eventTime + .milliseconds(20))
        }
    case .log: context.log.info("element_seen", ["leaked": .text("\(leak.value())")])
    case .value, .key, .row, .condition, .first, .rare, .last, .nowhere: break
    }
}
