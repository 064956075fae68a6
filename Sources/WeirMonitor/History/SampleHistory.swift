package import WeirBase

/// The samples of a run that the screens can go back to, in bounded memory.
///
/// The newest ten minutes are kept sample by sample, and what is older every ten seconds for a day,
/// because a person looks closely at what just happened, and at the shape of what is long ago.
/// `Timeline` is the only one to add frames. Everything that is shown is read from here, live too,
/// so that a moment looks later as it did then.
///
/// Indices count from the oldest frame, through the coarse part and then the fine one. They move as
/// frames are let go: nobody keeps an index from one frame to the next, and the playhead keeps a
/// time.
package struct SampleHistory: Sendable {
    /// The newest frames, every one of them.
    private var fine: Ring<SampleFrame>
    /// Frames that the fine part let go, thinned out. All are older than those.
    private var coarse: Ring<SampleFrame>

    /// A history of frames of that many stages, and subtasks in all.
    package init(stages: Int, subtasks: Int = 0) {
        let frame = Self.frameBytes(stages: stages, subtasks: subtasks)
        // Two thirds go to the fine part.
        let maximum = max(
            MonitorBounds.minimumFineSamples + MonitorBounds.minimumCoarseSamples,
            MonitorBounds.maximumHistoryBytes.count / frame)
        let fineShare = max(MonitorBounds.minimumFineSamples, maximum * 2 / 3)
        let coarseShare = max(
            MonitorBounds.minimumCoarseSamples, min(maximum - fineShare, maximum / 3))
        fine = Ring(capacity: min(MonitorBounds.maximumFineSamples, fineShare))
        coarse = Ring(capacity: min(MonitorBounds.maximumCoarseSamples, coarseShare))
    }

    /// What a frame takes: itself, and its two arrays, each with a head of its own. Keys that are
    /// longer than a string holds in itself come on top and are few. A run whose subtasks are not
    /// known beforehand has at least one for each stage.
    package static func frameBytes(stages: Int, subtasks: Int) -> Int {
        let arrayHead = 32
        return MemoryLayout<SampleFrame>.stride
            + arrayHead + stages * MemoryLayout<StageTotals>.stride
            + arrayHead + max(stages, subtasks) * MemoryLayout<SubtaskTotals>.stride
    }

    /// How many frames are kept.
    package var count: Int { coarse.count + fine.count }
    package var newest: SampleFrame? { fine.last }
    package var oldest: SampleFrame? { count == 0 ? nil : self[0] }

    /// The frame at an index, the oldest at 0.
    package subscript(index: Int) -> SampleFrame {
        index < coarse.count ? coarse[index] : fine[index - coarse.count]
    }

    /// Takes the next frame. One that is not later than the newest is left out, and gives false: a
    /// damaged trace may hold samples out of order.
    @discardableResult
    package mutating func append(_ frame: SampleFrame) -> Bool {
        if let newest, frame.time <= newest.time { return false }
        guard let old = fine.append(frame) else { return true }
        // A frame leaves the fine part for the coarse one only when it is far enough from the last
        // that did.
        if let last = coarse.last, old.time - last.time < MonitorBounds.coarseDistance {
            return true
        }
        coarse.append(old)
        return true
    }

    /// The index of the first frame with this number or a later one; nil when there is none yet. A
    /// binary search.
    package func index(ofNumber number: UInt64) -> Int? {
        let before = coarse.partition { $0.number < number }
        let index =
            before < coarse.count ? before : coarse.count + fine.partition { $0.number < number }
        return index < count ? index : nil
    }

    /// The index of the last frame at or before a time; nil when all are later. A binary search.
    package func index(atOrBefore time: RunTime) -> Int? {
        let later = coarse.partition { $0.time <= time }
        let index = later < coarse.count ? later : coarse.count + fine.partition { $0.time <= time }
        return index == 0 ? nil : index - 1
    }
}
