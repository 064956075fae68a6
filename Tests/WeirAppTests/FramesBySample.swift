import WeirBase
import WeirMonitor
import WeirTelemetry
import WeirTerminal
import WeirTrace

@testable import WeirApp

/// Draws a frame of each view at every sample, by the sample's time.
struct FramesBySample {
    /// All but that of the replay: its timeline has the run's future, and everything else of it
    /// comes from a replay.
    private static let views = ScreenViews.all.filter { $0 != ReplayView.self }

    /// What was drawn, and what the frames' figures were taken from.
    struct Frame: Equatable {
        /// The characters of all cells, a line a row; by view.
        var texts: [String] = []
        /// Their styles, cell for cell.
        var styles: [String] = []
        var figures: SampleFrame?

        /// Goes through all views of a screen, which is then at the first one again.
        init(_ model: inout ScreenModel) {
            for _ in 0..<model.views.count {
                let canvas = model.frame
                texts.append(canvas.text)
                styles.append(canvas.styleText)
                _ = model.update(.key(.tab))
            }
            figures = model.timeline.shownFrame
        }

        /// The frames without their first lines.
        fileprivate var belowTheHead: Frame {
            func rest(_ text: String) -> String { String(text.drop { $0 != "\n" }) }
            var frame = self
            (frame.texts, frame.styles) = (texts.map(rest), styles.map(rest))
            return frame
        }
    }

    private var model: ScreenModel
    private(set) var frames: [RunTime: Frame] = [:]

    init(_ header: RunHeader) {
        model = ScreenModel(
            facts: RunFacts(header: header, tracePath: "t.mcap"), standpoint: .owner,
            size: CanvasSize(width: 160, height: 48),
            theme: Theme(symbols: .unicode, hasColor: true), views: Self.views)
        // A stage in the middle of a run of several.
        for _ in 0..<5 { _ = model.update(.key(.down)) }
    }

    /// The frames that a trace gives.
    init(of trace: Trace) throws {
        self.init(trace.header)
        let cursor = trace.telemetry()
        var digest = NewsDigest(trace.header)
        while let batch = try cursor.next() {
            var news = TimelineNews()
            digest.take(batch) { news.events.append($0) }
            take(news)
        }
    }

    /// The frames that a playhead shows which goes back over the whole trace from its end.
    static func past(of trace: Trace) throws -> FramesBySample {
        var frames = try FramesBySample(of: trace)
        frames.frames = [:]
        var last: RunTime?
        while true {
            _ = frames.model.update(.key(.left))
            guard let sample = frames.model.timeline.shownFrame, sample.time != last else { break }
            last = sample.time
            frames.frames[sample.time] = Frame(&frames.model)
        }
        return frames
    }

    /// The frames without the first line, which says where the playhead is.
    var belowTheHead: FramesBySample {
        var result = self
        result.frames = frames.mapValues(\.belowTheHead)
        return result
    }

    mutating func take(_ news: TimelineNews) {
        for event in news.events {
            if case .ended = event { continue }
            _ = model.update(.timeline(event))
        }
        guard let sample = news.samples.last else { return }
        _ = model.update(.tick(now: sample.time))
        frames[sample.time] = Frame(&model)
    }

    /// Forgets frames of other times.
    mutating func keep(_ times: some Sequence<RunTime>) {
        let times = Set(times)
        frames = frames.filter { times.contains($0.key) }
    }

    /// The first frame that another has differently, with both texts; nil when there is none.
    func difference(from other: FramesBySample) -> String? {
        let times = Set(frames.keys).union(other.frames.keys).sorted()
        for time in times where frames[time] != other.frames[time] {
            let texts = [self, other].map {
                $0.frames[time]?.texts.joined(separator: "\n") ?? "none"
            }
            return "at \(time) µs:\n\(texts[0])\nand\n\(texts[1])"
        }
        return nil
    }
}
