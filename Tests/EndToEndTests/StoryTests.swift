import Testing

/// The article *The race in orders*: the program says what it says there.
struct StoryTests {
    private let sessions: [(trace: String, text: String)]

    init() throws { sessions = try Article("TheRaceInOrders").sessions }

    /// The lines behind the prompt.
    private var commands: [String] {
        sessions.flatMap { session in
            session.text.split(separator: "\n").filter { $0.hasPrefix("(weir) ") }
                .map { String($0.dropFirst(7)) }
        }
    }

    @Test func `the session of the article is what the debugger answers`() throws {
        let weir = try Weir()
        let trace = try #require(sessions.first?.trace)
        #expect(sessions.allSatisfy { $0.trace == trace })
        let expected = sessions.flatMap { session in
            session.text.split(separator: "\n").filter { !$0.hasPrefix("(weir) ") }
        }
        let outcome = try weir.run(
            ["replay", "\(Weir.repository)/\(trace)"] + commands.flatMap { ["-x", $0] })
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.output == expected.map { $0 + "\n" }.joined())
    }
}
