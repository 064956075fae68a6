import Weir
import WeirBase

/// Pipelines of a few stages of which each can be made slow, for `bottleneck`: a chain, a fork that
/// joins again, and two sources that join. Parameters make the causes: a slow stage, a key that has
/// most elements, wide rows for a slow reader, a source that stands still for a moment.
enum LimitedPipeline {
    /// The pipelines, by the names that `run` takes.
    static let all = ["chain", "fork", "join"].map(make)

    private static func make(_ name: String) -> Pipeline {
        Pipeline(
            name, summary: "Stages that can be made slow", parallelism: 1,
            parameters: [
                Parameter("slow", default: "none", "STAGE:MICROSECONDS for each element"),
                Parameter("hot", default: "0", "per cent of the elements that have key 7"),
                Parameter("wide", default: "0", "bytes that a row has at least"),
                Parameter("spike", default: "0", "milliseconds that a source's element 500 takes"),
            ]
        ) { flow in build(name, flow) }
    }

    /// Builds a pipeline from source, stage and sink, each with the time that it burns for an
    /// element.
    private static func build(_ name: String, _ flow: Flow) {
        let hot = UInt64(flow.parameter("hot")) ?? 0
        // A megabyte a row fills any pipe.
        let wide = min(1_000_000, Int(flow.parameter("wide")) ?? 0)
        let spike = UInt64(flow.parameter("spike")) ?? 0
        let slow = flow.parameter("slow").split(separator: ":").map(String.init)
        // How long a stage burns for each element, in nanoseconds; `all` makes every stage slow.
        func burn(_ stage: String) -> UInt64 {
            guard slow.count == 2, slow[0] == stage || slow[0] == "all" else { return 0 }
            return (UInt64(slow[1]) ?? 0) * 1_000
        }
        // A source of keys, one for each millisecond of event time.
        func source(_ name: String) -> DataStream<Int> {
            let time = burn(name)
            return flow.read(
                name,
                from: .generator { index, random in
                    spend(time)
                    // Once, when the run is well under way.
                    if index == 500 { spend(spike * 1_000_000) }
                    // The other keys are a thousand, so that each has little.
                    let key = random.next() % 100 < hot ? 7 : Int(random.next() % 1_000)
                    return (key, Instant(milliseconds: Int64(clamping: index)))
                })
        }
        // A keyed stage that counts and passes everything on.
        func stage(_ stage: String, _ stream: DataStream<Int>) -> DataStream<Int> {
            let time = burn(stage)
            return stream.keyed { $0 }
                .process(stage, state: 0, emitting: Int.self) { number, seen, out in
                    spend(time)
                    seen += 1
                    out.emit(number)
                }
        }
        // The sink, with rows as wide as the parameter says.
        func write(_ stream: DataStream<Int>) {
            let time = burn("out")
            let padding = String(repeating: " ", count: wide)
            stream.write("out") { number in
                spend(time)
                return "\(number)\(padding)"
            }
        }
        switch name {
        // One way, two ways that part and meet, and two that meet.
        case "chain": write(stage("work", stage("parse", source("numbers"))))
        case "fork":
            let parsed = stage("parse", source("numbers"))
            write(stage("left", parsed).union(stage("right", parsed)))
        default:
            let both = source("numbers").union(source("others"))
            write(stage("work", stage("parse", both)))
        }
    }

    /// Computes for that many nanoseconds. It must not sleep: a stage that sleeps is not busy, and
    /// its worker could take another turn.
    private static func spend(_ nanoseconds: UInt64) {
        guard nanoseconds > 0 else { return }
        let start = TickClock.nanoseconds()
        while TickClock.nanoseconds() &- start < nanoseconds {}
    }
}
