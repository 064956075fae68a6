import Testing

/// Command lines of `weir-bench` that mean nothing are refused before anything runs.
@Suite struct BenchOptionsTests {
    @Test(arguments: [
        ["stress", "--jobs", "0"], ["stress", "--jobs", "-1"], ["stress", "--runs", "0"],
        ["turn", "--only", "recorded"], ["turn", "--pairs", "0"], ["turn", "--turns", "0"],
        ["turn", "--elements", "0"], ["turn", "--elements", "257"],
    ])
    func `a number or a word that means nothing is refused`(arguments: [String]) throws {
        let bench = try Weir("weir-bench")
        let run = try bench.start(arguments)
        let hasEnded = Patience.waits { run.hasEnded }
        if !hasEnded { run.send(9) }
        let outcome = try run.finish()
        #expect(hasEnded && outcome.code == 64, "\(outcome)")
    }
}
