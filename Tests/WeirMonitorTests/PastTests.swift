import Testing
import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal

/// A playhead in the past shows what was known there, and nothing of what came later.
@Suite struct PastTests {
    /// What a recording holds up to each sample, that sample last.
    private static func recording(samples: Int) -> [[ScreenMessage]] {
        var random = SeededGenerator(seed: 16)
        func below(_ bound: UInt64) -> UInt64 { random.next() % bound }
        var run = ExampleRun()
        return (1...samples).map { number in
            var messages: [ScreenMessage] = []
            var sample = run.next()
            // Rates, queues and lags that differ from sample to sample.
            for index in sample.subtasks.indices {
                sample.subtasks[index].recordsIn += below(5_000)
                sample.subtasks[index].watermarkLag = Int64(below(9_000_000_000))
                sample.subtasks[index].errors = UInt64(number / 100)
            }
            for index in sample.channels.indices {
                sample.channels[index].depth = below(sample.channels[index].capacity + 1)
            }
            while below(3) == 0 {
                let severity = Notice.Severity.allCases[Int(below(4))]
                // Some are noticed late: their time is long past when they are recorded.
                let time = sample.time - RunTime(below(3_000_000))
                messages.append(
                    .notice(
                        Notice(
                            severity: severity, step: Step(number), time: time,
                            origin: "enrich/\(below(3))", text: "text \(below(20))")))
            }
            if number == samples * 2 / 3 { messages.append(.recordingStopped("disk full")) }
            return messages + [.seen(sample)]
        }
    }

    private static func model(_ size: (Int, Int)) -> ScreenModel {
        ScreenModel(
            facts: ExampleRun.facts, standpoint: .owner,
            size: CanvasSize(width: size.0, height: size.1),
            theme: Theme(symbols: .unicode, hasColor: true))
    }

    private static let samples = 700
    private static let now = RunTime.seconds(100)

    private static let views: [(size: (Int, Int), key: Unicode.Scalar?)] = [
        ((160, 48), nil), ((80, 24), nil), ((40, 10), "5"), ((120, 40), "i"),
    ]

    @Test(arguments: views)
    func `the frame at a sample is that of a recording which was cut there`(
        size: (Int, Int), key: Unicode.Scalar?
    ) throws {
        let recording = Self.recording(samples: Self.samples)
        // The recording that goes on, looked at from its end backwards.
        var long = Self.model(size)
        for messages in recording { for message in messages { _ = long.update(message) } }
        _ = long.update(.tick(now: Self.now))
        if let key { _ = long.update(.key(.character(key))) }
        var frames: [Int: Canvas] = [:]
        for number in stride(from: Self.samples - 1, through: 1, by: -1) {
            if key == "i" { _ = long.update(.key(.escape)) }
            _ = long.update(.key(.character("t")))
            if key == "i" { _ = long.update(.key(.character("i"))) }
            if number % 23 == 0 || number < 9 || abs(number - Self.samples * 2 / 3) < 3 {
                #expect(long.timeline.shownTime == RunTime(number * 100_000))
                frames[number] = long.frame
            }
        }
        // Recordings that end at a sample, paused there.
        var growing = Self.model(size)
        for (index, messages) in recording.enumerated() {
            for message in messages { _ = growing.update(message) }
            guard let frame = frames[index + 1] else { continue }
            var cut = growing
            _ = cut.update(.tick(now: Self.now))
            _ = cut.update(.key(.character(" ")))
            if let key { _ = cut.update(.key(.character(key))) }
            let expected = cut.frame
            // Cell for cell: characters, marks and styles.
            guard frame != expected else { continue }
            Issue.record(
                "at sample \(index + 1):\n\(frame.text)\nand, cut there,\n\(expected.text)")
            return
        }
        #expect(frames.count > 35)
    }

    @Test func `a violation is not known before it was recorded`() {
        var model = ExampleRun.model(seconds: 60, width: 160, height: 48, hasNotices: true)
        #expect(model.frame.text.contains("violations 3"))
        _ = model.update(.key(.character("{")))
        #expect(model.timeline.shownTime == 44_000_000)
        #expect(model.frame.text.contains("V step 44017"))
        #expect(model.timeline.debugStep == 44_017)
        _ = model.update(.key(.character("t")))
        let before = model.frame.text
        #expect(before.contains("violations 0") && before.contains("warnings 1"))
        #expect(!before.contains("stock is never negative"))
        #expect(model.timeline.debugStep == 439_000)
    }

    @Test func `how a run ended is said at its end alone`() {
        var model = ExampleRun.model(seconds: 5)
        _ = model.update(.ended("failed: violation"))
        #expect(model.frame.text.contains("failed: violation"))
        _ = model.update(.key(.character("t")))
        #expect(!model.frame.text.contains("failed: violation"))
        for _ in 0..<2 { _ = model.update(.key(.character("T"))) }
        #expect(model.frame.text.contains("failed: violation"))
    }

    @Test func `a line of the past counts what had come by then`() {
        var model = ExampleRun.model(seconds: 1)
        var run = ExampleRun()
        for _ in 0..<10 { _ = run.next() }
        for _ in 0..<1_000 {
            _ = model.update(
                .notice(
                    Notice(severity: .warning, step: 1, time: 0, origin: "a", text: "again")))
            _ = model.update(.seen(run.next()))
        }
        // The last ones are exact however many there were.
        for back in 1...50 {
            _ = model.update(.key(.left))
            #expect(
                model.timeline.notices.lines(model.timeline.knowledge).map(\.count) == [
                    1_000 - back
                ])
        }
        #expect(model.timeline.shownCounts.warnings == 950)
    }

    /// A model with so many lines, a sample, so many errors, and another sample, looked at from the
    /// first sample.
    private func paused(
        before: Int, _ severity: Notice.Severity, after: Int
    ) -> ScreenModel {
        var model = ExampleRun.model(seconds: 1, width: 120, height: 40)
        var run = ExampleRun()
        for _ in 0..<10 { _ = run.next() }
        for (first, count, severity) in [(0, before, severity), (before, after, .error)] {
            for number in first..<first + count {
                let notice = Notice(
                    severity: severity, step: 1, time: 0, origin: "a", text: "line \(number)")
                _ = model.update(.notice(notice))
            }
            _ = model.update(.seen(run.next()))
        }
        _ = model.update(.key(.left))
        for key in Panel.news.keys { _ = model.update(.key(key)) }
        return model
    }

    @Test func `lines that came later and were let go are not told in the past`() {
        let text = paused(before: 3, .warning, after: 600).frame.text
        #expect(text.contains("line 2") && !text.contains("older lines"))
    }

    @Test func `what was known and was let go since is told, and not that there is nothing`() {
        let text = paused(before: 60, .error, after: 600).frame.text
        #expect(text.contains("60 older lines are in the trace alone"))
        #expect(!text.contains("no warnings, errors or violations"))
    }
}
