import WeirBase
import WeirTelemetry

/// Divides a stretch of the schedule into pieces that each fit a block.
///
/// The recorder's batches are small. What the lanes of a dead run hold comes in one stretch, and
/// of a file that somebody altered it may be longer than a reader of blocks accepts.
struct SchedulePieces {
    /// The maximum number of steps and ends of a piece together.
    var maximumEntries = 1 << 18
    /// The maximum number of words and emitted counts of a piece together, but for those of its
    /// last note. With ten bytes for each they stay far below what a block may have.
    var maximumNumbers = 1 << 20

    /// The pieces in order; the stretch itself where it is short enough.
    ///
    /// Steps and ends are each in order of their steps. An end comes directly behind its step, so
    /// that no rest point is in an earlier piece than the ends of the turns before it.
    func pieces(of schedule: ScheduleBatch) -> [ScheduleBatch] {
        if hasRoom(schedule) { return [schedule] }
        var pieces = [ScheduleBatch()]
        var ends = schedule.ends[...]
        for note in schedule.steps {
            while let end = ends.first, end.step < note.step {
                append(end, of: schedule, to: &pieces)
                ends.removeFirst()
            }
            append(note, of: schedule, to: &pieces)
        }
        for end in ends { append(end, of: schedule, to: &pieces) }
        assert(
            pieces.reduce(0) { $0 + $1.steps.count + $1.ends.count }
                == schedule.steps.count + schedule.ends.count,
            "\(pieces.count) pieces do not hold what \(schedule.steps.count) steps and "
                + "\(schedule.ends.count) ends were")
        return pieces
    }

    /// Whether another note may be added to a piece.
    private func hasRoom(_ piece: ScheduleBatch) -> Bool {
        piece.steps.count + piece.ends.count < maximumEntries
            && piece.words.count + piece.emitted.count < maximumNumbers
    }

    /// The index of the piece that the next note goes to.
    private func room(in pieces: inout [ScheduleBatch]) -> Int {
        if let last = pieces.last, !hasRoom(last) { pieces.append(ScheduleBatch()) }
        return pieces.count - 1
    }

    private func append(
        _ note: StepNote, of schedule: ScheduleBatch, to pieces: inout [ScheduleBatch]
    ) {
        let index = room(in: &pieces)
        let words = schedule.words(of: note)
        // A note's words are a range of its batch.
        var note = note
        note.words = pieces[index].words.count..<pieces[index].words.count + words.count
        pieces[index].words.append(contentsOf: words)
        pieces[index].steps.append(note)
    }

    private func append(
        _ end: EndNote, of schedule: ScheduleBatch, to pieces: inout [ScheduleBatch]
    ) {
        let index = room(in: &pieces)
        let emitted = schedule.emitted(of: end)
        var end = end
        end.emitted = pieces[index].emitted.count..<pieces[index].emitted.count + emitted.count
        pieces[index].emitted.append(contentsOf: emitted)
        pieces[index].ends.append(end)
    }
}
