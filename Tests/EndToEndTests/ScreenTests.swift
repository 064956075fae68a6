import Testing

/// The screen on a pseudo-terminal. The emulator is `pyte`, which the README's test command
/// installs; what happens in each scenario stands in `Support/screen.py`.
@Suite struct ScreenTests {
    @Test(arguments: [
        "keys", "interrupt", "terminate", "fault", "suspend", "resize", "ascii", "data", "hangup",
        "unknown",
    ])
    func `the screen comes, does what it is told, and gives the terminal back`(
        scenario: String
    ) throws {
        let weir = try Weir()
        let script = Weir.repository + "/Tests/EndToEndTests/Support/screen.py"
        let outcome = try weir.shell("python3 '\(script)' \(scenario)")
        #expect(outcome.code == 0 && outcome.output == "ok\n", "\(outcome)")
    }

    @Test func `a screen without a terminal is refused with what to do`() throws {
        let weir = try Weir()
        let outcome = try weir("run", "orders", "--ui", "tui", "--no-record")
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("standard output is not a terminal"), "\(outcome)")
        #expect(outcome.errors.contains("--ui plain"), "\(outcome)")
    }
}
