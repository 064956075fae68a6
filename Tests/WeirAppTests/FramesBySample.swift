import WeirMonitor
import WeirTelemetry
import WeirTerminal
import WeirTrace

@testable import WeirApp
import WeirBase

/// Draws a frame at every sample, by the sample's time.
struct FramesBySample {
    /// What was drawn, and what the frame's figures were taken from.
    struct Frame: Equatable {
        /// The characters of all cells, a line a row.
        var text: String
        /// Their styles, cell for cell.
        var styles: String
        var figures: SampleFrame?
    }

    private var model: ScreenModel
    private(set) var frames: [RunTime: Frame] = [:]

    init(_ header: RunHeader) {
        model = ScreenModel(
            facts: RunFacts(header: header, tracePath: "t.mcap"), standpoint: .owner,
            size: CanvasSize(width: 160, height: 48),
            theme: Theme(symbols: .unicode, hasColor: true))
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
            let canvas = frames.model.frame
            frames.frames[sample.time] = Frame(
                text: canvas.text, styles: canvas.styleText, figures: sample)
        }
        return frames
    }

    /// The frames without the first line, which says where the playhead is.
    var belowTheHead: FramesBySample {
        var result = self
        result.frames = frames.mapValues { frame in
            func rest(_ text: String) -> String {
                String(text.drop { $0 != "\n" })
            }
            return Frame(
                text: rest(frame.text), styles: rest(frame.styles), figures: frame.figures)
        }
        return result
    }

    mutating func take(_ news: TimelineNews) {
        for event in news.events {
            if case .ended = event { continue }
            _ = model.update(.timeline(event))
        }
        guard let sample = news.samples.last else { return }
        _ = model.update(.tick(now: sample.time))
        let canvas = model.frame
        frames[sample.time] = Frame(
            text: canvas.text, styles: canvas.styleText, figures: model.timeline.shownFrame)
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
            let texts = [self, other].map { $0.frames[time]?.text ?? "none" }
            return "at \(time) µs:\n\(texts[0])\nand\n\(texts[1])"
        }
        return nil
    }
}
