import WeirBase

/// The steps that movements came to, in order, as a browser keeps pages.
///
/// `Debugger.move` adds each arrival; `back` and `forward` go along it. When it is full, the
/// oldest step goes.
struct PlaceHistory {
    /// The maximum number of steps that are kept.
    static let most = 1_000

    /// The steps in the order of the movements.
    private var places: [Step]
    /// The index of the step where the run is.
    private var current = 0

    /// A history that begins with a step.
    init(at place: Step) { places = [place] }

    /// Notes an arrival. What lay ahead of the current step is forgotten. Arriving where one
    /// is already, as `back` does behind `move`, changes nothing.
    mutating func visit(_ place: Step) {
        guard place != places[current] else { return }
        places.removeSubrange((current + 1)...)
        places.append(place)
        if places.count > Self.most { places.removeFirst() }
        current = places.count - 1
    }

    /// The step before (-1) or behind (1) the current one; nil at the ends.
    func neighbour(_ offset: Int) -> Step? {
        places.indices.contains(current + offset) ? places[current + offset] : nil
    }

    /// Makes a neighbour the current step.
    mutating func move(_ offset: Int) {
        precondition(places.indices.contains(current + offset), "no place \(current + offset)")
        current += offset
    }
}
