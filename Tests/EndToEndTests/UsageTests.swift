import Foundation
import Testing

/// The command line as its contract has it: what is said where, and with which code.
struct UsageTests {
    @Test func `list shows the pipelines with their parameters`() throws {
        let outcome = try Weir()("list")
        #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome)")
        #expect(outcome.output.contains("orders  ") && outcome.output.contains("logs  "))
        #expect(outcome.output.contains("--set race=shipped"))
    }

    @Test func `list as JSON has an object a line with stages, cells and invariants`() throws {
        let outcome = try Weir()("list", "--json")
        let objects = try outcome.outputLines.map(JSONLine.init)
        #expect(objects.map { $0.string("name") } == ["orders", "logs", "nexmark"])
        #expect(objects.first?.strings("cells") == ["budget"])
        #expect(objects.first?.strings("invariants") == ["budget is never overdrawn"])
        #expect(objects.first?.strings("stages").contains("reserve") == true)
    }

    @Test(arguments: [
        ["--help"], ["--version"], ["run", "--help"], ["replay", "--help"], ["export", "--help"],
        ["inspect", "--help"], ["check", "--help"], ["recover", "--help"], ["list", "--help"],
        ["--generate-completion-script", "bash"],
    ])
    func `help, version and completions go to standard output`(arguments: [String]) throws {
        let outcome = try Weir().run(arguments)
        #expect(outcome.code == 0 && outcome.errors.isEmpty && !outcome.output.isEmpty)
    }

    @Test(arguments: [
        (["run", "ordrs"], "Did you mean orders?"),
        (["run", "orders", "--set", "rase=fixed"], "Did you mean race?"),
        (["run", "orders", "--set", "race=fxed"], "fixed"),
        (["run", "orders", "--set", "race"], "NAME=VALUE"),
        (["run", "orders", "--set", "race=fixed", "--set", "race=shipped"], "twice, fixed and"),
        (["run", "orders", "--wokers", "2"], "run has no flag --wokers. Did you mean --workers?"),
        (["run", "orders", "--verify"], "run --help' lists them"),
        (
            ["run", "nexmark", "--set", "rows=count", "--output", "rows=x"],
            "sink rows counts its rows and writes none"
        ),
        (["replay", "x", "--tmies", "3"], "replay has no flag --tmies. Did you mean --times?"),
        (["export", "x", "--signal", "logs", "--fromat", "x"], "Did you mean --format?"),
        (["help", "nosuch"], "there is no command nosuch"),
        (["help", "recorver"], "Did you mean recover?"),
        (["run", "orders", "--rate", "-5"], "a rate must be positive"),
        (["run", "orders", "--rate", "inf"], "give max"),
        (["run", "orders", "--duration", "-5s"], "--duration -5s is not a time, such as 10s"),
        (["run", "orders", "--limit", "-5"], "'-5' is invalid for '--limit"),
        (["run", "orders", "--workers", "65"], "0 to 64"),
        (["run", "orders", "--workers", "-1"], "workers"),
        (["run", "orders", "--seed", "-1"], "seed"),
        (["run", "orders", "--parallelism", "0"], "parallelism"),
        (["run", "orders", "--parallelism", "1000000"], "parallelism"),
        (["run", "orders", "--limit", "many"], "limit"),
        (["run", "orders", "--duration", "soon"], "10s"),
        (["run", "orders", "--duration=-5s"], "10s"),
        (["run", "orders", "--rate", "0"], "max"),
        (["run", "orders", "--rate", "nan"], "max"),
        (["run", "orders", "--keep", "lots"], "64MB"),
        (["run", "orders", "--ui", "gui"], "--ui gui"),
        (["run", "orders", "--on-violation", "stopp"], "Did you mean stop?"),
        (["run", "orders", "--log-level", "inf"], "Did you mean info?"),
        (["run", "orders", "--record", "a.mcap", "--no-record"], "exclude"),
        (["run", "orders", "--input", "x"], "source"),
        (["run", "orders", "--output", "shipment=x"], "Did you mean shipments?"),
        (["run", "orders", "--output", "rows=x"], "A file of that name is ./rows=x"),
        (["run", "orders", "--output", "a", "--output", "b"], "two places, a and b"),
        (["run", "orders", "--output", "a", "--output", "shipments=a"], "two places"),
        (["run", "logs", "--input", "line=x"], "Did you mean lines?"),
        (["run", "orders", "--overwrite"], "Give --record PATH"),
        (["run", "orders", "--record", "-"], "a trace is a file"),
        (["run", "orders", "--drain", "soon"], "--drain"),
        (["run", "orders", "--output", ""], "path"),
        (["run", "logs", "--input", "-", "--follow"], "--follow"),
        (["run", "logs", "--input", "tcp://localhost:1"], "tcp"),
        (["run", "logs", "--input", "x", "--set", "window=0s"], "window"),
        (["run", "logs", "--input", "x", "--set", "format=("], "expression"),
        (["run"], "weir list"),
        (["runn", "orders"], "Did you mean run?"),
        (["repaly"], "Did you mean replay?"),
        (["frobnicate"], "There are: list, run"),
        ([""], "there is no command"),
        (["replay"], "weir-traces"),
        (["replay", "none.mcap", "--verify"], "none.mcap"),
        (["inspect", "none.mcap"], "none.mcap"),
        (["check", "."], "regular file"),
        (["export", "none.mcap", "--signal", "logs"], "none.mcap"),
        (["export", "none.mcap"], "signal"),
        (["recover", "none.mcap"], "output"),
    ])
    func `wrong usage is code 2 and says what would be right`(
        arguments: [String], hint: String
    ) throws {
        let outcome = try Weir().run(arguments)
        #expect(outcome.code == 2, "\(outcome)")
        #expect(outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.hasPrefix("weir: error: "), "\(outcome)")
        #expect(outcome.errors.localizedCaseInsensitiveContains(hint), "\(outcome)")
        #expect(!outcome.errors.contains("..\n"), "\(outcome)")
    }

    @Test(arguments: [
        ["run", "ordrs", "--json"], ["run", "orders", "--json", "--bogus"],
        ["inspect", "none.mcap", "--json"], ["run", "logs", "--input", "none", "--json"],
    ])
    func `an error with --json is one JSON object`(arguments: [String]) throws {
        let outcome = try Weir().run(arguments)
        #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome)")
        let lines = outcome.errors.split(separator: "\n").map(String.init)
        #expect(lines.count == 1, "\(outcome)")
        let object = try JSONLine(try #require(lines.first))
        #expect(object.string("error")?.isEmpty == false)
        #expect(object.number("code") == 2)
    }

    @Test func `a summary as JSON is one object and standard output stays empty`() throws {
        let weir = try Weir()
        let outcome = try weir(
            "run", "orders", "--limit", "300", "--rate", "max", "--no-record", "--json", "--ui",
            "none")
        #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome)")
        let object = try JSONLine(outcome.errors)
        #expect(object.string("cause") == "finished")
        #expect(object.number("events") == 1_200)
        #expect(!weir.scratch.exists("weir-traces"))
    }

    @Test func `control characters of an argument do not reach the terminal`() throws {
        let outcome = try Weir()("run", "or\u{1B}[2Jders")
        #expect(outcome.code == 2)
        #expect(!outcome.errors.contains("\u{1B}"))
    }
}
