import Weir
import WeirBase
import WeirEngine

/// A reading of a sensor, as the pipeline of the known runs has it.
struct Reading: Codable, Sendable {
    var sensor: Int
    var value: Int
    var number: Int
}

/// A pipeline with every operator, clock and kind of edge that there is, drawn from its seed.
///
/// What comes out of it depends on all of them: a known run of it changes when any of them does
/// something else.
enum EverythingPipeline {
    /// Lines of which some cannot be read, and one has a time far ahead.
    static let lines: [UInt8] = {
        var text = ""
        for number in 0..<90 {
            if number % 17 == 5 { text += "{\"sensor\": oops\n" }
            if number % 31 == 30 { text += "\n" }
            text += "{\"sensor\":\(number % 5),\"value\":\(number * 37 % 101),\"number\":\(number)}"
            text += number % 11 == 3 ? "\r\n" : "\n"
        }
        return Array(text.utf8)
    }()

    static let pipeline = Pipeline(
        "everything", summary: "Every operator there is", parallelism: 3,
        parameters: [Parameter("policy", default: "dropOldest", "what the small edge does")]
    ) { flow in
        guard let policy = EdgePolicy(rawValue: flow.parameter("policy")) else {
            flow.refuse("policy=\(flow.parameter("policy")) is no policy")
            return
        }
        let budget = flow.sharedCell("budget", initial: 90)
        flow.invariant("budget is never overdrawn", on: budget) { $0 >= 0 }
        let seen = flow.keyedState(by: Int.self, initial: 0)
        flow.invariant("no sensor talks too much", on: seen) { _, count in count < 60 }
        flow.invariant("what was paid was seen", on: budget, and: seen) { budget, seen in
            90 - budget <= 3 * seen.sum { $0 }
        }

        let made = flow.read("made", from: readings)
        let (read, malformed) = flow.readWithMalformed("read", from: text)
        malformed.write("malformed") { "\($0.line):\($0.column ?? 0) \($0.reason)" }
        let all = made.filter("some") { $0.value != 13 }.union(
            read.map("shift") { reading in
                var reading = reading
                reading.value += 1_000
                return reading
            })
        let counted = all.over(EdgeOptions(bounds: ChannelBounds(messages: 8)))
            .keyed(by: \.sensor)
            .process("count", state: seen, emitting: Reading.self) { reading, count, context in
                count += 1
                if count % 10 == 0 {
                    context.log.notice("tenth_seen", ["sensor": .integer(Int64(reading.sensor))])
                }
                context.emit(reading)
            }
        aggregate(counted)
        pay(counted.over(EdgeOptions(bounds: ChannelBounds(messages: 3), policy: policy)), budget)
        ask(counted)
        remember(counted)
    }

    /// Readings in pairs of one time, up to half a second out of order, now and then far ahead.
    private static let readings = Source<Reading>.generator(
        watermark: .boundedDisorder(
            .milliseconds(60), granularity: .milliseconds(20), maximumJump: .seconds(5))
    ) { index, random in
        let late = random.below(4) == 0 ? random.below(500) : 0
        let ahead = index % 70 == 60 ? 3_600_000 : 0
        let reading = Reading(
            sensor: random.below(6), value: random.below(50), number: Int(clamping: index))
        return (reading, Instant(milliseconds: Int64(index / 2 * 10) - Int64(late) + Int64(ahead)))
    }

    private static let text = Source<Reading>.jsonLines(
        as: Reading.self,
        eventTime: { Instant(milliseconds: Int64($0.number) * 11) },
        watermark: .boundedDisorder(.milliseconds(10)), idleAfter: .milliseconds(5))

    /// Windows, with what comes late to them.
    private static func aggregate(_ readings: DataStream<Reading>) {
        let (panes, late) = readings.keyed(by: \.sensor)
            .window(.tumbling(.milliseconds(100)))
            .aggregateWithLate("sums", from: 0) { sum, reading in sum += reading.value }
        panes.write("panes")
        late.flatMap("parts") { reading in
            (0..<reading.value % 3).map { "\(reading.number).\($0)" }
        }.write("late") { $0 }
    }

    /// A cell that two subtasks pay from, once without looking.
    private static func pay(_ readings: DataStream<Reading>, _ budget: SharedCell<Int>) {
        readings.invariant("numbers are small") { $0.number < 85 }
            .keyed(by: \.value)
            .process("pay", state: 0, emitting: String.self) { reading, paid, context in
                let left = budget.read()
                guard left > 0 else { return }
                budget.update { $0 -= 3 }
                paid += 3
                context.emit("\(reading.number) \(paid) \(left)")
            }
            .write("paid") { $0 }
    }

    /// Calls of which every seventh has no answer.
    private static func ask(_ readings: DataStream<Reading>) {
        readings.callAsync(
            "ask", emitting: String.self, inFlight: 3, timeout: .milliseconds(2),
            call: { reading, number in
                reading.number % 7 == 0 ? nil : [UInt8(truncatingIfNeeded: number)]
            },
            complete: { reading, answer, context in
                context.emit("\(reading.number) \(answer.map { "\($0)" } ?? "none")")
            }
        ).write("answers") { $0 }
    }

    /// Timers of both times, random numbers, and what is left at the end.
    private static func remember(_ readings: DataStream<Reading>) {
        readings.keyed(by: \.sensor)
            .process(
                "remember", state: [Int](), emitting: String.self,
                onTimer: { sensor, numbers, context in
                    context.emit("\(sensor) \(numbers) at \(context.eventTime)")
                    if numbers.count > 8 { numbers.removeFirst(4) }
                }
            ) { reading, numbers, context in
                numbers.append(reading.number)
                if reading.number % 5 == 0 {
                    context.setTimer(atEventTime: context.eventTime + .milliseconds(25))
                }
                if reading.number % 9 == 0 {
                    context.setTimer(atProcessingTime: context.now + .microseconds(30))
                }
                if context.random.next() % 16 == 0 {
                    context.log.warning("drawn", ["number": .integer(Int64(reading.number))])
                }
            }
            .process(
                "gather", state: 0, emitting: String.self,
                onEnd: { count, context in context.emit("\(count) in all") }
            ) { text, count, context in
                count += 1
                context.emit(text)
            }
            .write("remembered") { $0 }
    }
}
