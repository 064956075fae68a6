/// The newest elements of a sequence, at most `capacity`: each further one replaces the oldest.
///
/// Adding one costs the same however many there are, and nothing is moved. The memory is taken as
/// elements come, so that a short run pays for what it has. `SampleHistory` keeps its samples in
/// two of these.
package struct Ring<Element: Sendable>: Sendable {
    package let capacity: Int
    /// All elements. The oldest is at `start`, and the others follow it in a circle.
    private var elements: [Element] = []
    /// The index in `elements` of the oldest one; 0 until the ring is full.
    private var start = 0

    package init(capacity: Int) {
        precondition(capacity > 0, "a ring of \(capacity) elements holds nothing")
        self.capacity = capacity
    }

    package var count: Int { elements.count }
    package var isEmpty: Bool { elements.isEmpty }
    /// The newest element; nil when there is none.
    package var last: Element? { isEmpty ? nil : self[count - 1] }

    /// The element at an index, the oldest at 0. An index outside traps.
    package subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "place \(index) of \(count)")
            return elements[(start + index) % elements.count]
        }
        set {
            precondition(index >= 0 && index < count, "place \(index) of \(count)")
            elements[(start + index) % elements.count] = newValue
        }
    }

    /// Adds an element; gives the oldest one where that had to make room.
    @discardableResult
    package mutating func append(_ element: Element) -> Element? {
        if elements.count < capacity {
            elements.append(element)
            return nil
        }
        let oldest = elements[start]
        elements[start] = element
        start = (start + 1) % capacity
        return oldest
    }

    /// How many elements, from the oldest on, satisfy a condition that holds for a beginning of the
    /// ring and for nothing behind it. It costs a binary search.
    package func partition(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
