/// The rooms of the house and the arrows between them: what each target may import.
///
/// This is the table of the design, as a value. What is not in it is not allowed; a further
/// external module is a line here with its reason.
enum Rooms {
    struct Room {
        /// Other targets of this package that it may import.
        let arrows: Set<String>
        /// Modules from outside that it alone may import, each with the reason.
        let outside: [String: String]
        /// Modules that every other room may import and this one may not.
        let refused: Set<String>

        init(
            _ arrows: Set<String>, outside: [String: String] = [:], refused: Set<String> = []
        ) {
            self.arrows = arrows
            self.outside = outside
            self.refused = refused
        }
    }

    /// Modules that every room may import, unless it is refused one.
    static let everywhere: [String: String] = [
        "Synchronization": "atomics of the standard library",
        "Glibc": "system calls",
        "DequeModule": "queues, from swift-collections",
        "HeapModule": "priority queues, from swift-collections",
        "OrderedCollections": "tables with a fixed order, from swift-collections",
        "Collections": "all of swift-collections",
    ]

    /// Modules that every test target may import.
    static let inTests: [String: String] = [
        "Testing": "the test library",
        "Foundation": "an independent implementation to compare with, files, processes",
    ]

    private static let foundation = [
        "Foundation": "files, processes, dates and formats at the edge",
        "FoundationEssentials": "the part of Foundation without locale data",
    ]
    private static let observability = [
        "Logging": "bridge to swift-log",
        "Metrics": "bridge to swift-metrics",
        "CoreMetrics": "handler protocols of swift-metrics",
        "Tracing": "bridge to swift-distributed-tracing",
        "Instrumentation": "handler protocols of swift-distributed-tracing",
        "ServiceContextModule": "the context of swift-distributed-tracing",
    ]
    private static let commandLine = ["ArgumentParser": "flags, help and completions"]

    static let all: [String: Room] = [
        "CTicks": Room([]),
        "CBytes": Room([]),
        "CSimdjson": Room([]),
        "CZstd": Room([]),
        "CNCurses": Room([]),
        "CPcre2": Room([]),
        // Expressions of users, bounded for each line: what the debugger and the lines of logs are
        // searched with. A room of its own, so that one place alone knows the library.
        "WeirPattern": Room(["WeirBase", "CPcre2"]),
        "WeirBase": Room(["CTicks", "CBytes"]),
        "WeirTelemetry": Room(
            ["WeirBase"],
            outside: observability.merging(
                ["Histogram": "latency percentiles with bounded memory"]) { first, _ in first }),
        "WeirTrace": Room(
            ["WeirBase", "WeirTelemetry", "CZstd"],
            outside: ["FoundationEssentials": "JSON of the run header and of metric samples"]),
        "WeirEngine": Room(["WeirBase", "WeirTelemetry"]),
        // Lines of logs can be read by an expression of the user's, as bounded as in the debugger.
        "WeirConnectors": Room(
            ["WeirBase", "WeirTelemetry", "WeirEngine", "WeirPattern"],
            outside: foundation.merging(["SQLite": "client of a database"]) { first, _ in first }),
        "WeirReplay": Room(["WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine"]),
        // Of the replay it sees `ReplayedExecution` and the facts that this gives, and of the
        // engine the values among them; no trace, which only a session knows how to replay.
        "WeirDebugger": Room(
            ["WeirBase", "WeirTelemetry", "WeirEngine", "WeirReplay", "WeirPattern"]),
        "WeirTerminal": Room(
            ["WeirBase", "CNCurses"], outside: ["Foundation": "normal forms of Unicode"]),
        // A view has no clock, thread or file, and sees a trace through the timeline alone.
        "WeirMonitor": Room(
            ["WeirBase", "WeirTelemetry", "WeirTerminal"], refused: ["Glibc", "Synchronization"]),
        // Base too: instants and generators appear in what users write.
        "Weir": Room(
            ["WeirBase", "WeirEngine", "WeirTelemetry", "WeirConnectors"], outside: observability),
        "WeirApp": Room(
            rooms.subtracting(["WeirApp", "WeirTesting", "WeirStress"]),
            outside: foundation.merging(observability) { first, _ in first }
                .merging(commandLine) { first, _ in first }),
        "WeirTesting": Room(rooms.subtracting(["WeirApp", "WeirTesting", "WeirStress"])),
        // Pipelines, runs and checks that stress the turn protocol, kept from what users import.
        "WeirStress": Room(
            ["WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine", "WeirReplay"]),
        // The workload of `weir bench`, whose queries are written as a user would write them.
        "Nexmark": Room(["Weir", "WeirApp", "CSimdjson"]),
        // The pipelines that ship import what users import; the executable is the same target.
        "Gallery": Room(
            ["Weir", "WeirApp", "Nexmark"],
            outside: foundation.merging(observability) { first, _ in first }),
        "weir-bench": Room(
            rooms.union(["LeakMatrix"]),
            outside: foundation.merging(commandLine) { first, _ in first }),
        // What the end-to-end tests run is written as a user would write it.
        "TrapFixture": Room(["WeirApp"]),
        "LeakFixture": Room(["WeirApp"]),
        "LeakMatrix": Room([], outside: ["Foundation": "processes and their folders"]),
        "BooksFixture": Room(["WeirApp"]),
        "KeptText": Room([], outside: ["Foundation": "files beside the tests"]),
    ]

    /// Every library target with Swift code in it.
    private static let rooms: Set<String> = [
        "WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine", "WeirConnectors", "WeirReplay",
        "WeirDebugger", "WeirTerminal", "WeirMonitor", "WeirPattern", "Weir", "WeirApp",
        "WeirTesting", "WeirStress",
    ]

    /// The one folder of a room that may import a module; elsewhere in the room it is refused.
    static let onlyFolder: [String: String] = ["CNCurses": "Sources/WeirTerminal/Curses/"]

    /// Types of other rooms that a room may not name, because it sees them through a protocol: the
    /// type by the room, with what stands for it there.
    static let behindSeam: [String: [String: String]] = [
        "WeirDebugger": [
            "ReplaySession": "ReplayedExecution", "Replica": "ReplayedExecution",
            "Execution": "ReplayedExecution", "ReplayDirector": "ReplayedExecution",
            "ComparedNotes": "ReplayedExecution", "Rerun": "ReplayedExecution",
        ]
    ]

    /// Which package each product of `Package.swift` comes from is not checked; its module is.
    static func mayDepend(_ target: String, on module: String, isTest: Bool) -> Bool {
        if everywhere[module] != nil { return all[target]?.refused.contains(module) != true }
        if isTest {
            // Tests are not part of the layering: they may look at any room. A module has `_` for
            // what a target's name has `-` for.
            return inTests[module] != nil || target == module
                || all[module.replacing("_", with: "-")] != nil
        }
        guard let room = all[target] else { return false }
        return room.arrows.contains(module) || room.outside[module] != nil
    }
}
