import WeirBase

/// Snapshots by step: dense near the playhead, sparse far away, within a bound of memory.
///
/// A session puts a snapshot in now and then on its way, and asks for the nearest one when it goes
/// back. What is near is gone to most often, and should be a few steps away; what is far costs a
/// longer run, once. A value. Owned by one thread.
struct SnapshotLadder {
    /// In order of their steps.
    private(set) var snapshots: [ReplaySnapshot] = []
    /// About how many bytes they take, all together.
    private(set) var bytes = ByteCount.zero
    let maximumBytes: ByteCount

    init(maximumBytes: ByteCount) { self.maximumBytes = maximumBytes }

    /// The last snapshot at or before a step; nil when there is none. Costs a binary search.
    func nearest(through step: Step) -> ReplaySnapshot? {
        let index = firstIndex(after: step)
        return index == 0 ? nil : snapshots[index - 1]
    }

    /// Whether there is none within `distance` steps before a step.
    func lacks(before step: Step, within distance: Int) -> Bool {
        guard let near = nearest(through: step) else { return step.count >= distance }
        return near.step.distance(to: step) >= distance
    }

    /// Keeps a snapshot. Where there are too many, others go: those whose going leaves the smallest
    /// gap as seen from the playhead. One is kept however large it is.
    mutating func insert(_ snapshot: ReplaySnapshot, playhead: Step) {
        let index = firstIndex(after: snapshot.step)
        // Two of one step are the same: what a replay has at a step does not depend on the way.
        if index > 0, snapshots[index - 1].step == snapshot.step { return }
        snapshots.insert(snapshot, at: index)
        bytes += snapshot.bytes
        while snapshots.count > 1,
            snapshots.count > ReplayBounds.maximumSnapshots || bytes > maximumBytes
        {
            removeCheapest(playhead)
        }
    }

    /// Walks the rungs: in order, each step once, within the bounds.
    func checkInvariants() {
        for (lower, upper) in zip(snapshots, snapshots.dropFirst()) {
            precondition(
                lower.step < upper.step, "a snapshot of \(lower.step) before one of \(upper.step)")
        }
        precondition(
            bytes == snapshots.reduce(.zero) { $0 + $1.bytes }, "\(bytes) bytes are counted")
        precondition(
            snapshots.count <= ReplayBounds.maximumSnapshots, "\(snapshots.count) snapshots")
        precondition(
            bytes <= maximumBytes || snapshots.count == 1,
            "\(bytes) bytes in \(snapshots.count) snapshots, at most \(maximumBytes)")
    }

    /// Removes the snapshot that is missed least: the gap which it would leave, in steps, divided
    /// by its distance from the playhead, so that gaps grow with the distance.
    private mutating func removeCheapest(_ playhead: Step) {
        var cheapest = (index: 0, cost: Double.infinity)
        for index in snapshots.indices {
            // The run's start stands as one snapshot more, since a replica can begin there.
            let before = index == 0 ? .start : snapshots[index - 1].step
            let after =
                index + 1 < snapshots.count
                ? snapshots[index + 1].step : snapshots[index].step.next
            let step = snapshots[index].step
            let distance = Double(step.distance(to: playhead).magnitude) + 1
            let cost = Double(before.distance(to: after)) / distance
            if cost < cheapest.cost { cheapest = (index, cost) }
        }
        assert(cheapest.cost.isFinite, "no snapshot would be missed least")
        assert(bytes >= snapshots[cheapest.index].bytes, "more bytes go than are kept")
        bytes -= snapshots[cheapest.index].bytes
        snapshots.remove(at: cheapest.index)
    }

    /// The index of the first snapshot behind a step.
    private func firstIndex(after step: Step) -> Int {
        var low = 0
        var high = snapshots.count
        while low < high {
            let middle = (low + high) / 2
            if snapshots[middle].step <= step { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
