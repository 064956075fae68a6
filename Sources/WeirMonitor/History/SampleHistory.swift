/// The samples of a run that the screens can go back to, in bounded memory.
///
/// The newest ten minutes are kept sample by sample, what is older every ten seconds for a day: a
/// person looks closely at what just happened, and at the shape of what is long ago. `Timeline` is
/// the only one to add frames; all that is shown is read from here, live too, so that a moment
/// looks later as it did then.
package struct SampleHistory: Sendable {
    /// Ten minutes at ten samples a second.
    package static let fineCapacity = 6_000
    /// A day at one sample in ten seconds.
    package static let coarseCapacity = 8_640
    package static let coarseMicroseconds: Int64 = 10_000_000
    /// Pipelines of many stages keep less, so that all of it stays below about this.
    package static let maximumBytes = 16 << 20

    private var fine: Ring<SampleFrame>
    private var coarse: Ring<SampleFrame>

    /// A history of frames of so many stages, and subtasks in all.
    package init(stages: Int, subtasks: Int = 0) {
        let frame =
            64 + stages * MemoryLayout<StageTotals>.stride
            + max(stages, subtasks) * MemoryLayout<SubtaskTotals>.stride
        let most = max(120, Self.maximumBytes / frame)
        fine = Ring(capacity: min(Self.fineCapacity, max(60, most * 2 / 3)))
        coarse = Ring(capacity: min(Self.coarseCapacity, max(60, most / 3)))
    }

    package var count: Int { coarse.count + fine.count }
    package var newest: SampleFrame? { fine.last }
    package var oldest: SampleFrame? { count == 0 ? nil : self[0] }

    /// The frame at a place, the oldest at 0.
    package subscript(index: Int) -> SampleFrame {
        index < coarse.count ? coarse[index] : fine[index - coarse.count]
    }

    /// Takes the next frame. One that is not later than the newest is left out, and gives false.
    @discardableResult
    package mutating func append(_ frame: SampleFrame) -> Bool {
        if let newest, frame.time <= newest.time { return false }
        guard let old = fine.append(frame) else { return true }
        if let last = coarse.last, old.time - last.time < Self.coarseMicroseconds { return true }
        coarse.append(old)
        return true
    }

    /// The place of the first frame with a number or a later one; nil when there is none yet.
    package func place(ofNumber number: UInt64) -> Int? {
        let before = coarse.partition { $0.number < number }
        let place =
            before < coarse.count ? before : coarse.count + fine.partition { $0.number < number }
        return place < count ? place : nil
    }

    /// The place of the last frame at or before a time; nil when all are later.
    package func place(atOrBefore time: Int64) -> Int? {
        let later = coarse.partition { $0.time <= time }
        let place = later < coarse.count ? later : coarse.count + fine.partition { $0.time <= time }
        return place == 0 ? nil : place - 1
    }
}
