/// Where somebody was, in order, as a browser keeps it. Bounded: the oldest places go first.
struct PlaceHistory {
    static let most = 1_000

    private var places: [UInt64]
    private var current = 0

    init(at place: UInt64) { places = [place] }

    /// A movement to a place; what lay ahead of it is forgotten.
    mutating func visit(_ place: UInt64) {
        guard place != places[current] else { return }
        places.removeSubrange((current + 1)...)
        places.append(place)
        if places.count > Self.most { places.removeFirst() }
        current = places.count - 1
    }

    /// The place before or behind the current one; nil at the ends.
    func neighbour(_ offset: Int) -> UInt64? {
        places.indices.contains(current + offset) ? places[current + offset] : nil
    }

    mutating func move(_ offset: Int) {
        precondition(places.indices.contains(current + offset), "no place \(current + offset)")
        current += offset
    }
}
