import WeirBase

/// The last minute before the shown moment, divided into as many pieces as there are cells: what
/// graphs over time are made of.
///
/// A part of a view makes one for a frame from the timeline, and asks it for `spans`. Each piece
/// gives the samples at its ends, from which the part computes what it draws: a rate, a share, a
/// lag. Asking costs a binary search in the history for each cell.
struct Minute: Sendable {
    /// A piece: the frames at its ends.
    typealias Span = (old: SampleFrame, new: SampleFrame)

    /// What is shown. At ten samples a second that is 600 samples, so that the cells of a usual
    /// graph have several each.
    static let length = RunTime.seconds(60)

    private let timeline: Timeline

    init(_ timeline: Timeline) { self.timeline = timeline }

    /// The pieces, oldest first; nil for a piece in which no sample came.
    ///
    /// The edges of the pieces lie at whole multiples of their length and not at the shown moment.
    /// So the picture moves on by whole cells and stays as it is in between, instead of flickering
    /// with every sample.
    func spans(cells: Int) -> [Span?] {
        guard cells > 0, let time = timeline.shownTime else { return [] }
        let length = max(1, Self.length.rawValue / Int64(cells))
        // The shown moment, rounded up to the next edge: the last piece is still being filled.
        let end = (time.rawValue + length - 1) / length * length
        let indices = (0...cells).map { edge in
            let moment = RunTime(end - Int64(cells - edge) * length)
            // In the past the history goes on after the shown moment; what lies there is not to be
            // seen.
            return timeline.history.index(atOrBefore: min(moment, time))
        }
        return zip(indices, indices.dropFirst()).map { old, new in
            // Two edges with the same sample before them have none in between.
            guard let old, let new, new > old else { return nil }
            return (timeline.history[old], timeline.history[new])
        }
    }
}
