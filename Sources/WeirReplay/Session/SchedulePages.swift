import WeirBase

import WeirEngine
import WeirTelemetry
package import WeirTrace

/// A recorded schedule read by pages, forwards and backwards, from anywhere.
///
/// A page is a stretch of consecutive steps with the ends that came with them, as the file has them
/// together. The pages used last are kept; a page that is not costs a binary search over the chunks
/// of the file, unless it lies just behind the one that was read last. All replicas of a session
/// share it. Owned by one thread.
package final class SchedulePages {
    struct Page {
        /// The first of its steps.
        let first: Step
        /// The last of its steps.
        let last: Step
        /// What the file has of it. The first batch holds the steps, further ones only ends.
        var batches: [ScheduleBatch]

        /// The note of a step; nil when the page has none of that number. Steps are mostly without
        /// gaps, so that its index is found without looking.
        func note(_ step: Step) -> StepNote? {
            guard step >= first, step <= last else { return nil }
            let steps = batches[0].steps
            let index = first.distance(to: step)
            if index < steps.count, steps[index].step == step { return steps[index] }
            return steps.first { $0.step == step }
        }
    }

    private let trace: Trace
    private var pages: [(page: Page, use: UInt64)] = []
    /// Counts uses, to tell which page was used longest ago.
    private var uses: UInt64 = 0
    /// A cursor that has read the pages up to `cursorEnd`, and `pending` beyond them; nil where the
    /// next page has to be looked for.
    private var cursor: ScheduleCursor?
    private var pending: ScheduleBatch?
    private var cursorEnd: Step = 0

    package init(_ trace: Trace) { self.trace = trace }

    /// The page that holds a step; nil when the trace has no such step.
    func page(holding step: Step) throws -> Page? {
        uses += 1
        if let index = pages.firstIndex(where: { $0.page.first <= step && step <= $0.page.last }) {
            pages[index].use = uses
            return pages[index].page
        }
        // A little further on it is cheaper to read on than to search the file.
        if cursor == nil || step <= cursorEnd || cursorEnd.distance(to: step) > 4_096 {
            cursor = try trace.schedule(from: step)
            pending = nil
        }
        while let page = try readPage() {
            keep(page)
            if page.first <= step, step <= page.last { return page }
            if page.first > step { return nil }
        }
        return nil
    }

    /// The next page: a batch with steps, and those without any that follow it. The batch that
    /// tells where it ends is kept for the next one.
    private func readPage() throws -> Page? {
        guard let cursor else { return nil }
        var page: Page?
        while true {
            let next: ScheduleBatch?
            if let waiting = pending {
                (next, pending) = (waiting, nil)
            } else {
                next = try cursor.next()
            }
            guard let batch = next else { break }
            guard let first = batch.steps.first, let last = batch.steps.last else {
                page?.batches.append(batch)
                continue
            }
            guard page == nil else {
                pending = batch
                break
            }
            assert(
                first.step.distance(to: last.step) + 1 == batch.steps.count,
                "a batch from \(first.step) to \(last.step) has \(batch.steps.count) steps")
            page = Page(first: first.step, last: last.step, batches: [batch])
        }
        cursorEnd = page?.last ?? cursorEnd
        // At the end of what is known the file may have grown when it is asked for again.
        if page == nil { self.cursor = nil }
        return page
    }

    /// Keeps a page, in the place of the one that was used longest ago.
    private func keep(_ page: Page) {
        if pages.contains(where: { $0.page.first == page.first }) { return }
        if pages.count >= ReplayBounds.maximumSchedulePages,
            let oldest = pages.indices.min(by: { pages[$0].use < pages[$1].use })
        {
            pages.remove(at: oldest)
        }
        pages.append((page, uses))
    }

    /// Walks the pages kept: bounded, each once, none over another, and each one's steps in it.
    func checkInvariants() {
        precondition(
            pages.count <= ReplayBounds.maximumSchedulePages, "\(pages.count) pages are kept")
        let sorted = pages.map(\.page).sorted { $0.first < $1.first }
        for (earlier, later) in zip(sorted, sorted.dropFirst()) {
            precondition(
                earlier.last < later.first,
                "a page to \(earlier.last) and one from \(later.first) on")
        }
        for page in sorted {
            let steps = page.batches[0].steps
            precondition(
                steps.first?.step == page.first && steps.last?.step == page.last,
                "a page from \(page.first) to \(page.last) holds other steps")
            precondition(
                page.batches.dropFirst().allSatisfy(\.steps.isEmpty), "a page with two stretches")
        }
        precondition(pages.allSatisfy { $0.use <= uses }, "a page was used in the future")
    }

    /// The note of a step; nil when the trace has none of that number.
    func note(_ step: Step) throws -> StepNote? {
        try page(holding: step)?.note(step)
    }

    /// The schedule from the page on that holds `step`, batch by batch: each call of the result
    /// gives the next. The first batch may begin before the step.
    func batches(from step: Step) -> () throws -> ScheduleBatch? {
        var next = step
        var waiting: ArraySlice<ScheduleBatch> = []
        return { [self] in
            if let batch = waiting.popFirst() { return batch }
            guard let page = try page(holding: next) else { return nil }
            next = page.last.next
            waiting = page.batches[...]
            return waiting.popFirst()
        }
    }
}
