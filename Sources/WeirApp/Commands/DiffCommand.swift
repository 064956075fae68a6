import ArgumentParser
import WeirBase
import WeirTelemetry
import WeirTrace

/// `weir diff`: how two recorded runs of one plan differ, for a person or as JSON.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two recorded runs of one plan.",
        discussion: """
            Says up to which step both did the same, what each did then, and what differs after \
            it: the turns of each subtask by their ordinal, the order of accesses to each cell, \
            the final state, the rows. Nothing is run.
            Exit code 0: they are the same. 1: they differ. 2: they are not of one plan.
            """)

    @Argument(help: "A trace.")
    var a: String

    @Argument(help: "Another one.")
    var b: String

    @Flag(help: "As one JSON object.")
    var json = false

    func run() throws {
        let interrupts = Interrupts(patience: 2)
        defer { interrupts.stop() }
        let traces = try [a, b].map { path in
            try Damage.explained(path) { try Trace.open(path: path) }
        }
        let (one, other) = (traces[0].header, traces[1].header)
        guard one.pipeline == other.pipeline, one.plan == other.plan else {
            let names = [one, other].map { "\(PrintableText.escaped($0.pipeline)) (\($0.plan))" }
            throw CommandFailure.usage(
                "the traces are of different plans: \(names[0]) and \(names[1])",
                "Compare two runs of one pipeline with the same parallelism")
        }
        let progress = Progress(what: "compared", total: try traces[0].lastStep())
        let difference = try RunComparison.difference(traces[0], traces[1]) { step in
            progress.reached(step)
            return !interrupts.isPending
        }
        progress.end()
        guard let difference else { throw ExitCodeOnly(code: 130) }
        let report = try DiffReport(traces[0], traces[1], difference)
        Output.standard(json ? report.json : report.text)
        if !report.isSame { throw ExitCodeOnly(code: 1) }
    }
}
