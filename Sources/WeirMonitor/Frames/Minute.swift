/// The last minute before the shown moment, in as many pieces as there are cells: what graphs over
/// time are made of.
struct Minute: Sendable {
    /// A piece: the frames at its ends.
    typealias Span = (old: SampleFrame, new: SampleFrame)

    static let microseconds: Int64 = 60_000_000

    private let timeline: Timeline

    init(_ timeline: Timeline) { self.timeline = timeline }

    /// The pieces, oldest first; nil where nothing was sampled.
    ///
    /// Their edges lie at whole multiples of their length, so that the picture moves on by whole
    /// cells and stays as it is in between.
    func spans(cells: Int) -> [Span?] {
        guard cells > 0, let time = timeline.shownTime else { return [] }
        let length = max(1, Self.microseconds / Int64(cells))
        let end = (time + length - 1) / length * length
        let places = (0...cells).map { edge in
            let moment = end - Int64(cells - edge) * length
            return timeline.history.place(atOrBefore: min(moment, time))
        }
        return zip(places, places.dropFirst()).map { old, new in
            guard let old, let new, new > old else { return nil }
            return (timeline.history[old], timeline.history[new])
        }
    }
}
