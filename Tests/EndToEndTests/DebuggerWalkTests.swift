import Testing
import WeirBase

/// Wherever a debugger was before, a place looks the same.
struct DebuggerWalkTests {
    private static let looks = [
        "info states match", "info states reserve", "info states ship", "print state cell budget",
        "info queues", "print queue match>reserve", "info runnable", "info threads", "info stages",
    ]
    private static let last: UInt64 = 586
    private let weir: Weir
    private var scratch: Scratch { weir.scratch }

    init() throws { weir = try Weir() }

    @Test func `a step and its reverse leave what a fresh process shows`() throws {
        var random = SeededGenerator(seed: 41)
        let steps = (0..<20).map { _ in random.next() % Self.last }
        var script: [String] = []
        for step in steps { script += ["goto \(step)", "step", "reverse-step"] + Self.looks }
        try scratch.write("walk", script.joined(separator: "\n"))
        let walk = try weir("replay", DebuggerTests.trace, "--json", "--script", "walk")
        #expect(walk.code == 0, "\(walk)")
        let answers = walk.outputLines
        let perStep = Self.looks.count + 3
        try #require(answers.count == steps.count * perStep)
        for (index, step) in steps.enumerated() {
            let fresh = try weir.run(
                ["replay", DebuggerTests.trace, "--json", "--at", "\(step)"]
                    + Self.looks.flatMap { ["-x", $0] })
            let walked = Array(answers[(index * perStep + 3)..<((index + 1) * perStep)])
            #expect(walked == fresh.outputLines, "step \(step)")
        }
    }

    @Test func `twenty scripts at random give the same answers twice`() throws {
        for seed in 0..<20 as Range<UInt64> {
            var random = SeededGenerator(seed: seed, stream: 3)
            let script = (0..<12).map { _ in Self.command(&random) }
            try scratch.write("s\(seed)", script.joined(separator: "\n"))
            let first = try weir("replay", DebuggerTests.trace, "--script", "s\(seed)")
            let second = try weir("replay", DebuggerTests.trace, "--script", "s\(seed)")
            #expect(first.output == second.output, "seed \(seed): \(script)")
            #expect(first.errors == second.errors && first.code == second.code, "seed \(seed)")
            #expect(first.code == 0 || first.code == 1 || first.code == 2, "\(script) \(first)")
        }
    }

    private static func command(_ random: inout SeededGenerator) -> String {
        let step = random.next() % (last + 1)
        let commands = [
            "step \(1 + step % 9)", "reverse-step \(1 + step % 9)", "goto \(step)", "goto \(step)",
            "goto \(step % 100)%", "when", "continue", "reverse-continue", "continue 2",
            "break stage=ship when step > \(step)", "break queue match>reserve > \(step % 90)%",
            "break log /stock_short/", "break invariant", "watch cell budget", "delete",
            "info states", "info queues", "info runnable", "info threads", "info stages",
            "info breaks", "info marks", "last-write cell budget", "logs 5", "mark m",
            "print queue match>reserve", "print event orders:\(step)",
            "assert cell budget.left >= 0 or step < \(step)",
        ]
        return commands[Int(random.next() % UInt64(commands.count))]
    }
}
