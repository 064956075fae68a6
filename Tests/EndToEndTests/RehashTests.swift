import Foundation
import Testing

/// A program that is started without deterministic hashing starts itself again with it.
struct RehashTests {
    private let weir: Weir

    init() throws { weir = try Weir() }

    private func fact(_ process: pid_t, _ name: String) -> String {
        let data = FileManager.default.contents(atPath: "/proc/\(process)/\(name)") ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `rule 30: the program starts itself again by its own path, under its own name`()
        throws
    {
        let run = try weir.start([
            "run", "orders", "--limit", "0", "--rate", "100", "--ui", "none", "--record", "t.mcap",
        ])
        try Patience.require("the trace") { weir.scratch.exists("t.mcap") || run.hasEnded }
        #expect(fact(run.process, "comm") == "weir\n")
        let environment = fact(run.process, "environ").split(separator: "\0")
        #expect(environment.contains("SWIFT_DETERMINISTIC_HASHING=1"))
        let arguments = fact(run.process, "cmdline").split(separator: "\0")
        #expect(arguments.dropFirst().first == "run", "\(arguments)")
        run.send(SIGINT)
        #expect(try run.finish().code == 0)
    }
}
