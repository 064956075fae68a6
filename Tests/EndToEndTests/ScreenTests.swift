import Testing

/// The screen on a pseudo-terminal. The emulator is `pyte`, which the README's test command
/// installs; what happens in each scenario stands in `Support/screen.py`.
@Suite struct ScreenTests {
    @Test(arguments: [
        "keys", "paste", "tmux_paste", "interrupt", "terminate", "fault", "suspend", "resize",
        "ascii", "data", "hangup", "unknown", "top", "top_finished", "top_restarted",
        "stage", "logs", "replay_live", "small", "storm", "slow_reader", "wires_cut", "colors",
    ])
    func `the screen comes, does what it is told, and gives the terminal back`(
        scenario: String
    ) throws {
        let weir = try Weir()
        let script = Weir.repository + "/Tests/EndToEndTests/Support/screen.py"
        let outcome = try weir.shell(
            "python3 '\(script)' \(scenario)", within: Patience.scenario)
        #expect(outcome.code == 0 && outcome.output == "ok\n", "\(outcome)")
    }

    @Test(arguments: ["hang", "hang_terminated"])
    func `a run whose closure does not come back is left, and gives the terminal back`(
        scenario: String
    ) throws {
        let fixture = try Weir("TrapFixture")
        let script = Weir.repository + "/Tests/EndToEndTests/Support/screen.py"
        let outcome = try fixture.shell(
            "WEIR='\(fixture.program)' python3 '\(script)' \(scenario)",
            within: Patience.scenario)
        #expect(outcome.code == 0 && outcome.output == "ok\n", "\(outcome)")
    }

    private func scenario(_ weir: Weir, _ name: String, _ argument: String) throws {
        let script = Weir.repository + "/Tests/EndToEndTests/Support/screen.py"
        let outcome = try weir.shell(
            "python3 '\(script)' \(name) '\(argument)'", within: Patience.scenario)
        #expect(outcome.code == 0 && outcome.output == "ok\n", "\(outcome)")
    }

    @Test func `a run that a violation stopped stays on the screen and is left with 1`() throws {
        let weir = try Weir()
        // A simulated run of a seed is the same each time: look for one that meets the race.
        let seed = try (1..<40).first { seed in
            let run = try weir(
                "run", "orders", "--rate", "max", "--limit", "5000", "--workers", "0", "--seed",
                "\(seed)", "--no-record", "--on-violation", "stop", "--ui", "none")
            return run.code == 1
        }
        try scenario(weir, "violation", "\(try #require(seed))")
    }

    @Test(arguments: ["orders/overdrawn.mcap", "orders/race.mcap"])
    func `a trace is replayed on the screen from its failure on`(trace: String) throws {
        try scenario(try Weir(), "replay", Weir.repository + "/traces/" + trace)
    }

    @Test func `nothing in a trace reaches the terminal as a sequence`() throws {
        let weir = try Weir()
        try HostileTrace.write(weir.scratch.file("evil.mcap"))
        try scenario(weir, "hostile", "evil.mcap")
    }

    @Test(arguments: ["marks", "regrown"])
    func `what tmux holds is what was drawn, also after resizes`(name: String) throws {
        let weir = try Weir()
        try HostileTrace.write(
            weir.scratch.file("marks.mcap"),
            text: "か\u{3099}\u{1112}\u{1161}\u{11AB}cafe\u{301}日\u{301}語x\u{301}z")
        try scenario(weir, name, "marks.mcap")
    }

    @Test func `a screen without a terminal is refused with what to do`() throws {
        let weir = try Weir()
        let outcome = try weir("run", "orders", "--ui", "tui", "--no-record")
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("standard output is not a terminal"), "\(outcome)")
        #expect(outcome.errors.contains("--ui plain"), "\(outcome)")
    }
}
