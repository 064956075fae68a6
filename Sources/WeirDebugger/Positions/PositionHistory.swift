import WeirBase

/// The steps that movements came to, in order, as a browser keeps pages.
///
/// `Debugger.move` adds each arrival; `back` and `forward` go along it. When it is full, the
/// oldest step goes.
struct PositionHistory {
    /// The steps in the order of the movements.
    private var steps: [Step]
    /// The index of the step where the run is.
    private var current = 0

    /// A history that begins with a step.
    init(at step: Step) { steps = [step] }

    /// Notes an arrival. What lay ahead of the current step is forgotten. Arriving where one
    /// is already, as `back` does behind `move`, changes nothing.
    mutating func visit(_ step: Step) {
        guard step != steps[current] else { return }
        steps.removeSubrange((current + 1)...)
        steps.append(step)
        if steps.count > DebuggerBounds.maximumKeptPositions { steps.removeFirst() }
        current = steps.count - 1
    }

    /// The step before (-1) or behind (1) the current one; nil at the ends.
    func neighbour(_ offset: Int) -> Step? {
        steps.indices.contains(current + offset) ? steps[current + offset] : nil
    }

    /// Makes a neighbour the current step.
    mutating func move(_ offset: Int) {
        precondition(steps.indices.contains(current + offset), "no place \(current + offset)")
        current += offset
    }
}
