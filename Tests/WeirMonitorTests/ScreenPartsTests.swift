import Testing
import WeirBase
import WeirTelemetry
import WeirTerminal

@testable import WeirMonitor

/// The parts that all views of a screen share, each by itself.
@Suite struct ScreenPartsTests {
    private func frame(_ time: RunTime, restsFor rest: RunTime? = nil) -> SampleFrame {
        var sample = MetricSample(
            time: time, step: 0, subtasks: [], channels: [], recorder: RecorderSample())
        sample.restsFor = rest
        return SampleFrame(sample, names: ExampleRun.stages)
    }

    private func screen(_ standpoint: Standpoint) -> ScreenModel {
        ScreenModel(
            facts: ExampleRun.facts, standpoint: standpoint,
            size: CanvasSize(width: 80, height: 24), theme: Theme(symbols: .ascii, hasColor: false))
    }

    @Test func `a run that said it would be silent is at rest for so long, and old after it`() {
        var screen = screen(.watcher)
        _ = screen.update(.sample(frame(1_000_000, restsFor: 5_000_000)))
        var said: [String] = []
        for now: RunTime in [2_000_000, 4_000_000, 8_000_000, 8_100_000] {
            _ = screen.update(.tick(now: now))
            let line = screen.frame.text.prefix { $0 != "\n" }
            said.append(String(line.firstRange(of: "LIVE").map { line[$0.lowerBound...] } ?? ""))
        }
        let words = [
            "LIVE 1.0 s old", "LIVE 3.0 s at rest", "LIVE 7.0 s at rest", "LIVE 7.1 s old",
        ]
        for (line, words) in zip(said, words) { #expect(line.hasPrefix(words), "\(line)") }
    }

    @Test func `the picture of the last minute moves by whole cells and stays in between`() {
        var timeline = Timeline(ExampleRun.facts)
        var edges: [RunTime] = []
        for tenth in 1...1_300 as ClosedRange<Int64> {
            timeline.take(.sample(frame(.milliseconds(tenth * 100))))
            let spans = Minute(timeline).spans(cells: 60)
            #expect(spans.count == 60)
            // A piece of a second, of which the first edge is a whole one.
            if let span = spans[30] { edges.append(span.old.time) }
        }
        #expect(edges.allSatisfy { $0 == .seconds($0.wholeSeconds) })
        let changes = zip(edges, edges.dropFirst()).count { $0 != $1 }
        #expect(changes == edges.count / 10 - 1)
    }

    private struct Many: Details {
        let title = "Many"

        func facts(of timeline: Timeline) -> [DetailFact] {
            (0..<100).map { DetailFact("row\($0)", "text\($0)") }
        }
    }

    @Test(arguments: [Key.pageDown, .down])
    func `whoever goes down in a box sees every row`(key: Key) {
        var screen = ManyView.screen()
        var seen = Set<Substring>()
        for _ in 0..<100 {
            let words = screen.frame.text.split { $0 == " " || $0 == "\n" }
            seen.formUnion(words.filter { $0.hasPrefix("text") })
            _ = screen.update(.key(key))
        }
        #expect(seen.count == 100)
    }

    /// A view that opens a long box.
    private struct ManyView: ScreenView {
        static let name = "many"
        static let digit = 7
        static let keys: [KeyBinding<ManyView>] = [
            KeyBinding([.enter], .read, "read them all") { _, _, screen in
                screen.open(Many())
                return []
            }
        ]

        init(_ facts: RunFacts) {}

        func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {}

        static func screen() -> ScreenModel {
            var screen = ScreenModel(
                facts: ExampleRun.facts, standpoint: .owner,
                size: CanvasSize(width: 80, height: 24),
                theme: Theme(symbols: .ascii, hasColor: false), views: [ManyView.self])
            _ = screen.update(.key(.enter))
            return screen
        }
    }

    @Test func `a notice is gone to once the sample that it comes with is here`() {
        var timeline = Timeline(ExampleRun.facts)
        for time: RunTime in [1, 2, 3] { timeline.take(.sample(frame(time))) }
        timeline.take(.notice(ExampleRun.notices[0]))
        timeline.go(by: -1)
        let early = timeline.goToNotice(forward: true)
        #expect(!early && timeline.shownTime == 2)
        timeline.take(.sample(frame(4)))
        let late = timeline.goToNotice(forward: true)
        #expect(late)
        #expect(timeline.shownTime == 4)
    }

    @Test func `what follows the last sample of a run that ended is gone to at its end`() {
        var timeline = Timeline(ExampleRun.facts)
        for time: RunTime in [1, 2, 3] { timeline.take(.sample(frame(time))) }
        timeline.take(.notice(ExampleRun.notices[0]))
        timeline.take(.ended("died"))
        timeline.go(by: -1)
        let isFound = timeline.goToNotice(forward: true)
        #expect(isFound)
        #expect(timeline.shownTime == 3)
    }

    @Test func `who watches a run still only watches the newer one`() {
        let renewed = screen(.watcher).renewed(for: ExampleRun.facts)
        #expect(renewed.state.standpoint == .watcher)
    }
}
