import Weir
import WeirApp

/// The program `weir`: the pipelines that ship.
@main struct Main: WeirProgram {
    static let pipelines = [demo]
}

let demo = Pipeline("demo") { flow in
    flow.read(
        "numbers",
        from: .generator { index, _ in
            (Int(index), Instant(milliseconds: Int64(index)))
        }
    )
    .keyed(by: { $0 % 100 })
    .process("sum", state: 0, emitting: Int.self) { element, state, context in
        state += element
        if state % 1000 == 0 { context.log.info("round_sum", ["sum": .integer(Int64(state))]) }
        context.emit(state)
    }
    .write("sums") { "\($0)" }
}
