import Testing

@testable import weir_bench

/// What is read in a file of callgrind's.
@Suite struct CallgrindTests {
    /// Two functions, of which one calls `malloc` thrice and the other twice; names are written out
    /// once.
    private let text = """
        # callgrind format
        events: Ir
        fl=(1) ???
        fn=(1) one
        0 7
        cfn=(2) malloc
        calls=3 0
        0 90
        +4 5
        fn=(3) two'2
        0 1
        cfn=(2)
        calls=2 0
        0 60

        totals: 163
        """

    @Test func `instructions are those of the last line`() {
        #expect(CallgrindCounts(text).instructions == 163)
    }

    @Test func `what a call costs is not its caller's own`() {
        #expect(CallgrindCounts(text).own == ["one": 12, "two": 1])
    }

    @Test func `calls are counted by who is called and who calls`() {
        #expect(CallgrindCounts(text).calls == ["malloc": ["one": 3, "two": 2]])
    }

    @Test func `an event costs what the longer run has more of`() {
        let short = CallgrindCounts(text)
        let long = CallgrindCounts(
            text.replacing("calls=3", with: "calls=23").replacing(
                "totals: 163", with: "totals: 363"
            )
            .replacing("+4 5", with: "+4 105"))
        let cost = EventCost(from: short, to: long, events: 10)
        #expect(cost.instructions == 20)
        let allocations = cost.hidden.first { $0.kind == .allocations }
        #expect(allocations?.calls == 2 && allocations?.caller == "one")
        #expect(cost.hidden.allSatisfy { $0.kind == .allocations || $0.calls == 0 })
        #expect(cost.symbols.first?.name == "one" && cost.symbols.first?.instructions == 10)
    }

    @Test func `an excess names the query, the kind and who causes it`() {
        let long = CallgrindCounts(text.replacing("calls=3", with: "calls=23"))
        let cost = EventCost(from: CallgrindCounts(text), to: long, events: 10)
        var bounds = CostBounds(query: "q9", instructions: 0)
        bounds.calls = 2
        #expect(bounds.excesses(of: cost) == [])
        bounds.calls = 1.9
        #expect(
            bounds.excesses(of: cost) == ["q9: 2.0 allocations an event, at most 1.9; from one"])
    }

    @Test func `calls into the runtime are told by their names`() {
        func kinds(_ function: String) -> [HiddenCost] {
            HiddenCost.allCases.filter { $0.isDone(by: function) }
        }
        #expect(kinds("swift_retain") == [.retains])
        #expect(kinds("swift_bridgeObjectRelease") == [.releases])
        #expect(kinds("swift_beginAccess") == [.exclusivity])
        #expect(kinds("swift_conformsToProtocolWithExecutionContext") == [.metadata])
        #expect(kinds("swift_dynamicCast") == [.casts])
        #expect(kinds("$s8WeirBase9TickClockO11nanosecondss6UInt64VyFZ") == [.clocks])
        #expect(kinds("$s3Foo3BarVAA3BazA2aDP3foosyFTW") == [.witnesses])
        #expect(kinds("$s3Foo3BarV3foosyF") == [])
    }
}
