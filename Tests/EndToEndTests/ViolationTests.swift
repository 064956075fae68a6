import Testing

/// What is told of a condition that breaks on a stream, and where `goto failure` stands.
struct ViolationTests {
    private let weir: Weir

    init() throws {
        weir = try Weir("BooksFixture")
        // The sixth piece of 20 is one too many, and so are all behind it.
        try weir.scratch.write("in.txt", String(repeating: "20\n", count: 100))
    }

    private func record(workers: Int) throws -> Outcome {
        try weir(
            "run", "spend", "--input", "in.txt", "--output", "rows", "--workers", "\(workers)",
            "--seed",
            "1", "--record", "t.mcap", "--ui", "none")
    }

    @Test(arguments: [0, 1])
    func `the failure is where the accesses that led to it are in the past`(workers: Int) throws {
        #expect(try record(workers: workers).code == 0)
        let looked = try weir(
            "replay", "t.mcap", "--json", "-x", "goto failure", "-x", "last-write cell budget",
            "-x",
            "assert cell budget < 0")
        #expect(looked.code == 0, "\(looked)")
        let answers = try looked.outputLines.map(JSONLine.init)
        let step = try #require(answers.first?.number("step"))
        #expect(answers[0].string("kind") == "access")
        let incident = try #require(answers[0].objects("marks").first)
        let turn = try #require(incident["step"] as? Int)
        #expect(turn < step && incident["access"] as? Int == step)
        #expect(incident["element"] as? Int == 6 && incident["operator"] as? String == "invariant1")
        #expect(answers[1].number("step") == step)
        #expect(try weir("replay", "t.mcap", "--verify").output.hasPrefix("identical"))
    }

    @Test func `a condition that is broken again and again is one line with a count`() throws {
        let told = try record(workers: 1)
        #expect(
            told.errors.contains("  violations 95: something is left, first at step "), "\(told)")
        let incidents = try weir("replay", "t.mcap", "-x", "info marks").outputLines
        #expect(incidents.count == 1, "\(incidents)")
        #expect(
            incidents.first?.contains("on element 6 that invariant1 took in the turn of step")
                == true)
        #expect(incidents.first?.contains("(95 times") == true, "\(incidents)")
    }
}
