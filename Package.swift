// swift-tools-version: 6.2
import PackageDescription

// Weir's rooms. Which room may import which is held against the table in
// Tests/TidyTests; the targets below must not name more than that table allows.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    // The yields at the points of the turn protocol, without which its stress test would never
    // meet the windows that the protocol closes, exist in debug builds and in release builds made
    // with `--traits Probes`; an ordinary release build has none of them.
    .define("WEIR_PROBES", .when(configuration: .debug)),
    .define("WEIR_PROBES", .when(traits: ["Probes"])),
]

let package = Package(
    name: "weir",
    products: [
        .library(name: "Weir", targets: ["Weir"]),
        .library(name: "WeirApp", targets: ["WeirApp"]),
        .library(name: "WeirTesting", targets: ["WeirTesting"]),
        .library(name: "WeirPattern", targets: ["WeirPattern"]),
        .executable(name: "weir", targets: ["Gallery"]),
        .executable(name: "weir-bench", targets: ["weir-bench"]),
    ],
    traits: [
        .trait(name: "Probes", description: "Yields at the points of the turn protocol"),
        .trait(name: "CSimdjson", description: "Bare loops on simdjson (libsimdjson-dev)"),
        .default(enabledTraits: []),
    ],
    dependencies: [
        // The command line: flags, help, completions. Weir's contract follows its GNU habits.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Deque and Heap: run queue, timers. Written for their field, no dependencies.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Latency percentiles with bounded memory and error.
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .target(name: "CTicks"),
        // Sixteen bytes at once, for which Swift has no portable word: what texts end at.
        .target(name: "CBytes"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // A C target rather than a module map of curses' own header, whose macros, globals and
        // variadic functions Swift cannot use.
        .target(name: "CNCurses", linkerSettings: [.linkedLibrary("ncursesw")]),
        // Expressions of users with a bound for each line: Swift's own Regex has none, and cannot
        // be stopped. A C target because PCRE2's names are macros over the width of a unit.
        .target(name: "CPcre2", linkerSettings: [.linkedLibrary("pcre2-8")]),
        .target(name: "WeirPattern", dependencies: ["WeirBase", "CPcre2"], swiftSettings: strict),
        .target(
            name: "WeirBase", dependencies: ["CTicks", "CBytes"], swiftSettings: strict),
        .target(
            name: "WeirTelemetry",
            dependencies: [
                "WeirBase", .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "WeirTrace", dependencies: ["WeirBase", "WeirTelemetry", "CZstd"],
            swiftSettings: strict),
        .target(
            name: "WeirEngine",
            dependencies: [
                "WeirBase", "WeirTelemetry",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "WeirConnectors",
            dependencies: ["WeirBase", "WeirTelemetry", "WeirEngine", "WeirPattern"],
            swiftSettings: strict),
        .target(
            name: "WeirReplay",
            dependencies: ["WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine"],
            swiftSettings: strict),
        .target(
            name: "WeirDebugger",
            dependencies: [
                "WeirBase", "WeirTelemetry", "WeirEngine", "WeirReplay", "WeirPattern",
            ],
            swiftSettings: strict),
        .target(
            name: "WeirTerminal", dependencies: ["WeirBase", "CNCurses"], swiftSettings: strict),
        .target(
            name: "WeirMonitor",
            dependencies: [
                "WeirBase", "WeirTelemetry", "WeirTerminal",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "Weir",
            dependencies: ["WeirBase", "WeirEngine", "WeirTelemetry", "WeirConnectors"],
            swiftSettings: strict),
        .target(
            name: "WeirApp",
            dependencies: [
                "Weir", "WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine", "WeirConnectors",
                "WeirReplay", "WeirDebugger", "WeirTerminal", "WeirMonitor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(
            name: "WeirTesting",
            dependencies: [
                "WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine", "WeirConnectors",
                "WeirReplay", "WeirTerminal", "Weir",
            ],
            swiftSettings: strict),
        // What stresses the turn protocol. Not in the product above, which users import: it is for
        // the engine's own tests and for `weir-bench`.
        .target(
            name: "WeirStress",
            dependencies: ["WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine", "WeirReplay"],
            swiftSettings: strict),
        // The yardstick of `weir bench nexmark --mode file`, and of nothing else: only with its
        // trait does anything need the library. For the machine that measures: give
        // `-Xcxx -march=native`, without which simdjson has no instructions to be fast with.
        .target(
            name: "CSimdjson",
            cxxSettings: [.define("WEIR_SIMDJSON", .when(traits: ["CSimdjson"]))],
            linkerSettings: [.linkedLibrary("simdjson", .when(traits: ["CSimdjson"]))]),
        // The workload that stream processors are compared on, with a loop written by hand for each
        // of its queries.
        .target(
            name: "Nexmark",
            dependencies: [
                "Weir", "WeirApp",
                .byName(name: "CSimdjson", condition: .when(traits: ["CSimdjson"])),
            ],
            swiftSettings: strict + [.define("WEIR_SIMDJSON", .when(traits: ["CSimdjson"]))]),
        .executableTarget(
            name: "Gallery", dependencies: ["Weir", "WeirApp", "Nexmark"],
            swiftSettings: strict),
        .executableTarget(
            name: "weir-bench",
            dependencies: [
                "Weir", "WeirApp", "WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine",
                "WeirReplay", "WeirStress", "WeirMonitor", "WeirTerminal", "LeakMatrix",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WeirTraceTests", dependencies: ["WeirBase", "WeirTelemetry", "WeirTrace"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirReplayTests",
            dependencies: [
                "WeirReplay", "Weir", "WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine",
                "Gallery", "KeptText",
            ],
            exclude: ["Known"], swiftSettings: strict),
        .testTarget(
            name: "WeirDebuggerTests",
            dependencies: [
                "WeirDebugger", "WeirReplay", "WeirBase", "WeirTelemetry", "WeirEngine",
            ],
            swiftSettings: strict),
        .testTarget(name: "WeirBaseTests", dependencies: ["WeirBase"], swiftSettings: strict),
        .testTarget(
            name: "WeirPatternTests", dependencies: ["WeirPattern"], swiftSettings: strict),
        .testTarget(
            name: "WeirTestingTests",
            dependencies: [
                "WeirTesting", "Weir", "WeirBase", "WeirTelemetry", "WeirEngine", "WeirReplay",
                "Gallery", "KeptText",
            ],
            exclude: ["Known"], swiftSettings: strict),
        .testTarget(
            name: "NexmarkTests", dependencies: ["Nexmark", "WeirApp", "WeirTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "GalleryTests",
            dependencies: ["Gallery", "Weir", "WeirConnectors", "WeirTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirConnectorsTests",
            dependencies: ["WeirConnectors", "WeirBase", "WeirTelemetry", "WeirEngine"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirTelemetryTests", dependencies: ["WeirBase", "WeirTelemetry"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirEngineTests",
            dependencies: [
                "WeirEngine", "WeirBase", "WeirTelemetry", "WeirStress", "weir-bench", "KeptText",
            ],
            exclude: ["Known"], swiftSettings: strict),
        .testTarget(
            name: "WeirTerminalTests", dependencies: ["WeirBase", "WeirTerminal"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirMonitorTests",
            dependencies: [
                "WeirBase", "WeirTelemetry", "WeirTerminal", "WeirMonitor", "KeptText",
            ],
            exclude: ["Frames"], swiftSettings: strict),
        .testTarget(
            name: "WeirAppTests",
            dependencies: [
                "WeirApp", "WeirBase", "WeirTelemetry", "WeirTrace", "WeirEngine", "WeirTerminal",
                "WeirMonitor", "WeirTesting", "WeirReplay", "WeirDebugger", "Gallery",
            ], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        // A program whose pipelines trap and hang, for the tests that run it.
        .executableTarget(
            name: "TrapFixture", dependencies: ["WeirApp"], path: "Tests/TrapFixture",
            swiftSettings: strict),
        // A program that reads what it must not, and the matrix of what a replay says of it.
        .executableTarget(
            name: "LeakFixture", dependencies: ["WeirApp"], path: "Tests/LeakFixture",
            swiftSettings: strict),
        .target(name: "LeakMatrix", path: "Tests/LeakMatrix", swiftSettings: strict),
        // What tests hold against files that were looked at and kept.
        .target(name: "KeptText", path: "Tests/KeptText", swiftSettings: strict),
        // A program whose pipelines lose elements, for the tests that run it.
        .executableTarget(
            name: "BooksFixture", dependencies: ["WeirApp"], path: "Tests/BooksFixture",
            swiftSettings: strict),
        // The programs themselves are run: depending on them has them built beside the tests.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Gallery", "TrapFixture", "LeakFixture", "LeakMatrix", "BooksFixture", "WeirBase",
                "WeirTelemetry", "WeirTrace", "WeirTerminal", "WeirMonitor", "KeptText",
            ],
            exclude: ["Support/prompt.py", "Support/screen.py", "Known"], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

// Some rooms with what they stand on, and nothing else: `WEIR_TARGETS=WeirTraceTests swift test`
// builds in a third of the time, which counts for builds under a sanitizer.
if let wanted = Context.environment["WEIR_TARGETS"] {
    let wanted = wanted.split(separator: ",").map(String.init)
    var kept = Set<String>()
    var coming = wanted
    while let name = coming.popLast() {
        guard kept.insert(name).inserted else { continue }
        for case .byNameItem(let below, _) in package.targets.first(where: { $0.name == name })?
            .dependencies ?? []
        {
            coming.append(below)
        }
    }
    package.targets.removeAll { !kept.contains($0.name) }
    // What was asked for is what is made, so that a name without a target is refused.
    package.products = [.library(name: "wanted", targets: wanted)]
}
