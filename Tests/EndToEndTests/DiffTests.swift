import Foundation
import Testing

/// `weir diff`: two recorded runs side by side.
struct DiffTests {
    private let weir: Weir

    init() throws {
        weir = try Weir()
        for (name, seed) in [("a", "1"), ("same", "1"), ("b", "2")] {
            let run = try weir(
                "run", "orders", "--rate", "max", "--limit", "800", "--workers", "0", "--seed",
                seed, "--record", "\(name).mcap")
            try #require(run.code == 0, "\(run)")
        }
    }

    @Test func `two runs of one seed are the same, and that is 0`() throws {
        let outcome = try weir("diff", "a.mcap", "same.mcap")
        #expect(outcome.code == 0 && outcome.output.hasSuffix("\nthe same\n"), "\(outcome)")
        #expect(outcome.output.contains("equal in all "))
    }

    @Test func `two runs that differ are told apart from the first step that does, and that is 1`()
        throws
    {
        let outcome = try weir("diff", "a.mcap", "b.mcap")
        #expect(outcome.code == 1, "\(outcome)")
        #expect(outcome.output.contains("the first difference is at step "))
        #expect(outcome.output.contains("rows of shipments: "))
        #expect(outcome.output.contains("cell budget: the same order for "))
    }

    @Test func `as JSON it is one object with the same facts`() throws {
        let outcome = try weir("diff", "a.mcap", "b.mcap", "--json")
        #expect(outcome.code == 1 && outcome.outputLines.count == 1)
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(object["same"] as? Bool == false && object["pipeline"] as? String == "orders")
        let first = try #require(object["first"] as? [String: Any])
        #expect(first["step"] as? Int == (object["equalSteps"] as? Int ?? -2) + 1)
        let same = try weir("diff", "a.mcap", "same.mcap", "--json")
        #expect(same.output.hasPrefix("{\"same\":true,") && same.code == 0)
    }

    @Test func `runs of different plans, and what is no trace, are refused with 2`() throws {
        try weir.scratch.write("text", "no trace")
        let logs = Weir.repository + "/traces/logs/shop.mcap"
        for path in [logs, "nothing.mcap"] {
            let outcome = try weir("diff", "a.mcap", path)
            #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome)")
        }
        let alone = try weir("diff", "a.mcap")
        #expect(alone.code == 2)
        let text = try weir("diff", "a.mcap", "text")
        #expect(text.code == 4)
    }
}
