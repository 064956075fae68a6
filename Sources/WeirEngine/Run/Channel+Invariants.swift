import WeirBase

// Walks over what channels are made of. Tests call them behind every operation, where neither end
// of a channel is at work; each trap says which fact does not hold and with which numbers.

extension Channel {
    /// Walks the ring: its two ends, the bounds, and every message that waits.
    package func checkInvariants() {
        let (first, end) = (taken, position)
        precondition(size & (size - 1) == 0, "\(name) has \(size) slots, no power of two")
        precondition(size >= bounds.messages, "\(name) has \(size) slots for \(bounds.messages)")
        precondition(
            0 <= first && first <= end, "\(name) was taken to \(first) and written to \(end)")
        precondition(
            end - first <= bounds.messages,
            "\(end - first) messages wait on \(name), at most \(bounds.messages)")
        var bytes = ByteCount.zero
        var last = ByteCount.zero
        for message in first..<end {
            let slot = message & (size - 1)
            precondition(
                MessageTag(rawValue: tags[slot]) != nil,
                "a message of kind \(tags[slot]) on \(name)")
            guard tags[slot] == MessageTag.element.rawValue, let weights else { continue }
            precondition(
                Int(weights[slot]) >= MemoryLayout<Element>.stride,
                "an element on \(name) weighs \(weights[slot]) bytes, less than its own fields")
            last = ByteCount(weights[slot])
            bytes += last
        }
        guard weights != nil else { return }
        precondition(queuedBytes == bytes, "\(name) counts \(queuedBytes) bytes and holds \(bytes)")
        // The element that crosses the bound is let in, and none behind it.
        precondition(
            bytes - last < max(1, bounds.bytes),
            "\(bytes - last) bytes lay on \(name) when an element came, at most \(bounds.bytes)"
        )
    }
}

extension MessageBuffer {
    /// Walks the buffer: its ends lie within its memory, and an empty one begins anew.
    func checkInvariants() {
        precondition(0 <= first && first <= end, "a buffer from \(first) to \(end)")
        precondition(end <= room, "a buffer to \(end) in memory for \(room) messages")
        precondition(first < end || end == 0, "an empty buffer begins at \(first)")
        for index in first..<end {
            precondition(
                MessageTag(rawValue: tags[index]) != nil, "a message of kind \(tags[index])")
        }
    }
}

extension DroppingChannel {
    /// Walks the queue: counts, bounds, and the controls between any two elements.
    package func checkInvariants() {
        queue.checkInvariants()
        precondition(
            queuedElements == queue.elementCount,
            "\(name) counts \(queuedElements) elements and holds \(queue.elementCount)")
        precondition(
            queuedElements <= bounds.messages,
            "\(queuedElements) elements on \(name), at most \(bounds.messages)")
        precondition(depth == queue.count, "\(name) says \(depth) messages of \(queue.count) wait")
        precondition(
            entryCount == queue.count, "\(name) knows when \(entryCount) of \(queue.count) came")
        var watermarks = 0
        var silences = 0
        var ends = 0
        for index in queue.first..<queue.end {
            switch MessageTag(rawValue: queue.tags[index]) {
            case .element: (watermarks, silences, ends) = (0, 0, 0)
            case .watermark: watermarks += 1
            case .idle, .active: silences += 1
            case .end: ends += 1
            case nil: preconditionFailure("a message of kind \(queue.tags[index]) on \(name)")
            }
            precondition(
                watermarks <= 1 && silences <= 1 && ends <= 1,
                "two control messages of a class lie side by side on \(name)")
        }
    }
}

extension QueueChannel {
    /// Walks the queue of a replay, which has no bound.
    package func checkInvariants() {
        buffer.checkInvariants()
        precondition(takenMessages >= 0, "\(takenMessages) messages were taken from \(name)")
        precondition(
            depth == buffer.count, "\(name) says \(depth) messages of \(buffer.count) wait")
    }
}
