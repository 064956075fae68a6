import ArgumentParser
import Glibc
import Weir
import WeirBase

/// How the price of an element grows with the size of a plan or of its state: with keys, with
/// operators of one stage, with stages, and with subtasks.
struct GrowthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth",
        abstract: "What an element costs with few and with many keys, operators, stages, subtasks.",
        discussion: """
            Each figure is of two recorded runs in processes of their own, one of twice as many \
            elements as the other: their difference has no start and no end in it. Small and \
            large alternate, and the growth is the median of the pairs. With stages it is the \
            price of an element in one stage, else in the whole pipeline.
            """)

    @Option(help: "Pairs of small and large.") var pairs = 5
    @Option(help: "keys, chain, stages or parallelism; repeatable, otherwise all.")
    var only: [Dimension] = []
    @Option(help: "Threads.") var workers = 1

    /// What grows.
    enum Dimension: String, CaseIterable, ExpressibleByArgument {
        case keys, chain, stages, parallelism

        /// The small size, the large one, and by how much an element may cost more in that one.
        var sizes: (small: Int, large: Int, aim: Double) {
            switch self {
            case .keys: (1_000, 1_000_000, 1.5)
            case .chain: (1, 16, 1.1)
            case .stages: (10, 1_000, 1)
            case .parallelism: (1, 16, 1)
            }
        }

        /// So many elements that a run takes a second or two.
        func elements(_ size: Int) -> Int {
            switch self {
            case .keys: 4_000_000
            case .chain: 8_000_000
            case .stages: 10_000_000 / size
            case .parallelism: 4_000_000
            }
        }
    }

    /// What a size costs.
    private struct Cost {
        var nanoseconds: Double
        var peakBytes: ByteCount
    }

    func validate() throws {
        guard (1...1_000).contains(pairs), (1...64).contains(workers) else {
            throw ValidationError("--pairs lies between 1 and 1000, --workers between 1 and 64")
        }
    }

    mutating func run() throws {
        let folder = try TemporaryFolder(named: "weir-bench")
        print(
            "dimension         from         to   ns an element   growth (least / median / greatest)"
        )
        for dimension in only.isEmpty ? Dimension.allCases : only {
            let sizes = dimension.sizes
            var (small, large): ([Cost], [Cost]) = ([], [])
            for pair in 0..<pairs {
                // Which comes first changes from pair to pair.
                for isLarge in pair.isMultiple(of: 2) ? [false, true] : [true, false] {
                    let cost = try cost(
                        dimension, size: isLarge ? sizes.large : sizes.small, folder)
                    if isLarge { large.append(cost) } else { small.append(cost) }
                }
            }
            show(dimension, small, large)
        }
    }

    /// The price of an element, from two runs.
    private func cost(
        _ dimension: Dimension, size: Int, _ folder: TemporaryFolder
    ) throws -> Cost {
        let count = dimension.elements(size)
        let shorter = try usage(dimension, size, count, folder)
        let longer = try usage(dimension, size, 2 * count, folder)
        let more = longer.processorSeconds - shorter.processorSeconds
        return Cost(
            nanoseconds: more / Double(count) * 1e9 / Double(dimension == .stages ? size : 1),
            peakBytes: longer.peakBytes)
    }

    private func usage(
        _ dimension: Dimension, _ size: Int, _ elements: Int, _ folder: TemporaryFolder
    ) throws -> MeasuredChild.Usage {
        let parallelism = dimension == .parallelism ? size : 1
        let child = try MeasuredChild([
            "run", "growth", "--ui", "none", "--limit", "\(elements)", "--workers", "\(workers)",
            "--parallelism", "\(parallelism)", "--record", folder.path + "/growth.mcap",
            "--set", "dimension=\(dimension.rawValue)", "--set", "size=\(size)",
        ])
        let usage = child.finish(within: 120_000_000_000)
        folder.empty()
        guard usage.hasEnded else {
            throw ValidationError(
                "the run of \(dimension.rawValue) \(size) with \(elements) elements failed, or "
                    + "took longer than two minutes")
        }
        return usage
    }

    private func show(_ dimension: Dimension, _ small: [Cost], _ large: [Cost]) {
        let sizes = dimension.sizes
        let growths = zip(small, large).map { $1.nanoseconds / $0.nanoseconds }.sorted()
        func median(_ costs: [Cost]) -> Double {
            costs.map(\.nanoseconds).sorted()[costs.count / 2]
        }
        let shown = [growths[0], growths[growths.count / 2], growths[growths.count - 1]]
            .map { Self.text($0, 2) }.joined(separator: " / ")
        let peak = large.map(\.peakBytes).max() ?? .zero
        print(
            Self.left(dimension.rawValue, 12) + Self.right("\(sizes.small)", 10)
                + Self.right("\(sizes.large)", 11)
                + Self.right("\(Self.text(median(small), 1)) → \(Self.text(median(large), 1))", 16)
                + "   \(shown), aim \(Self.text(sizes.aim, 1)); \(Quantities.describe(bytes: peak))"
        )
        fflush(nil)
    }

    private static func text(_ number: Double, _ digits: Int) -> String {
        let scale = digits == 1 ? 10.0 : 100.0
        return "\((number * scale).rounded() / scale)"
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// The pipeline that `growth` runs, as a program outside of Weir would write it.
enum GrowthPipeline {
    static let all = [
        Pipeline(
            "growth", summary: "One dimension of a plan, small or large", parallelism: 1,
            parameters: [
                Parameter("dimension", default: "keys", "keys, chain, stages or parallelism"),
                Parameter("size", default: "1000", "how many of them"),
            ]
        ) { flow in
            guard let dimension = GrowthCommand.Dimension(rawValue: flow.parameter("dimension")),
                let size = Int(flow.parameter("size")), size > 0
            else {
                return flow.refuse("there is no such dimension or size")
            }
            let numbers = flow.read("numbers", from: source)
            switch dimension {
            case .keys: add(numbers, keys: size)
            case .chain: add(numbers, operators: size)
            case .stages: add(numbers, stages: size)
            case .parallelism: add(numbers, keys: 10_000)
            }
        }
    ]

    private static let source = Source<Int>.batches(prepare: {}) { _, indices, batch in
        for index in indices {
            batch.append(
                Int(truncatingIfNeeded: index),
                at: Instant(milliseconds: Int64(truncatingIfNeeded: index / 10)))
        }
    }

    /// Counts by key; keys come in an order that has no memory of it.
    private static func add(_ numbers: DataStream<Int>, keys: Int) {
        numbers.keyed { Int(truncatingIfNeeded: mixed($0) % UInt64(keys)) }
            .process("count", state: 0, emitting: Int.self) { number, seen, out in
                seen += 1
                if seen.isMultiple(of: 100) { out.emit(number) }
            }
            .tally("rows") { UInt64(truncatingIfNeeded: $0) }
    }

    /// The finaliser of MurmurHash3 over a number.
    private static func mixed(_ number: Int) -> UInt64 {
        var mixed = UInt64(truncatingIfNeeded: number)
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
    }

    private static func add(_ numbers: DataStream<Int>, operators: Int) {
        var stream = numbers
        for _ in 0..<operators { stream = stream.map { $0 &+ 1 } }
        stream.tally("rows") { UInt64(truncatingIfNeeded: $0) }
    }

    private static func add(_ numbers: DataStream<Int>, stages: Int) {
        var stream = numbers
        for stage in 1...stages { stream = stream.keyed { $0 }.map("stage-\(stage)") { $0 &+ 1 } }
        stream.tally("rows") { UInt64(truncatingIfNeeded: $0) }
    }
}
