import Testing

/// The prompt on a pseudo-terminal. What happens in each scenario stands in `Support/prompt.py`.
@Suite struct PromptTests {
    @Test(arguments: [
        "walk", "history", "completion", "editing", "control_c", "end", "terminate", "fault",
        "suspend", "unknown", "paste", "dumb", "interrupt", "hostile", "narrow",
    ])
    func `the prompt does what a hand expects, and gives the terminal back`(
        scenario: String
    ) throws {
        let weir = try Weir()
        let support = Weir.repository + "/Tests/EndToEndTests/Support"
        let outcome = try weir.shell(
            "TRACE='\(DebuggerTests.trace)' python3 -B '\(support)/prompt.py' \(scenario)")
        #expect(outcome.code == 0 && outcome.output == "ok\n", "\(outcome)")
    }
}
