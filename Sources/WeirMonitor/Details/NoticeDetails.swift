import WeirTerminal

/// A line of the notices, with its text whole. It follows the line: when the notice comes again
/// while it is open, its count and its last time move on.
package struct NoticeDetails: Details {
    /// The line's id, which is the same at all moments.
    package let line: UInt64

    package init(line: UInt64) { self.line = line }

    package var title: String { "Notice" }

    package func facts(of timeline: Timeline) -> [DetailFact] {
        guard let line = timeline.shownLines.first(where: { $0.id == line }) else {
            return [DetailFact("", "it had not come yet at this moment")]
        }
        let notice = line.notice
        let look = NoticeLook(notice.severity)
        var facts = [
            DetailFact("kind", look.word, style: look.style),
            DetailFact("time", timeline.clockAndAge(notice.time)),
            DetailFact("step", "\(notice.step)"),
        ]
        if line.count > 1 {
            let last = "\(timeline.clock(line.lastTime)), \(timeline.sinceStart(line.lastTime))"
            facts.append(DetailFact("times", "\(line.count), the last at \(last)"))
        }
        facts.append(DetailFact("place", notice.origin))
        facts.append(DetailFact("text", notice.text))
        return facts
    }
}
