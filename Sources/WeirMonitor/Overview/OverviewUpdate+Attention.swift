import WeirTerminal

/// Keys that choose what is looked at.
extension OverviewModel {
    /// A key while something lies over the screen: it moves there, or closes it and does nothing
    /// else. So whoever closes a box with `q` does not end the run by it.
    mutating func pressOver(_ command: OverviewCommand?) -> [OverviewEffect] {
        guard let overlay = OverviewOverlay(self) else { return [] }
        let most = overlay.maximumScroll
        let now = min(attention.scroll, most)
        switch command {
        case .next: attention.scroll = min(most, now + 1)
        case .previous: attention.scroll = max(0, now - 1)
        case .pageDown: attention.scroll = min(most, now + overlay.pageRows)
        case .pageUp: attention.scroll = max(0, now - overlay.pageRows)
        case .first: attention.scroll = 0
        case .last: attention.scroll = most
        case .suspend: return [.suspend]
        case .redraw: return [.redraw]
        case .panel, .details, .run, .back, .pause, .live, .sampleBack, .sampleForward,
            .previousNotice, .nextNotice, .debug, .newer, .help, .quit, nil:
            attention.overlay = nil
        }
        return []
    }

    mutating func open(_ overlay: Overlay) {
        attention.overlay = overlay
        attention.scroll = 0
    }

    mutating func openDetails() {
        guard attention.panel == .news else {
            if facts.stages.indices.contains(selection) { open(.details(.stage(selection))) }
            return
        }
        let lines = notices.lines(knowledge)
        let chosen = lines.first { $0.id == attention.line } ?? lines.first
        guard let chosen else {
            message = "there is no line to open"
            return
        }
        attention.line = chosen.id
        open(.details(.line(chosen.id)))
    }

    /// To the panel of a number; a second time it has the screen to itself, and then no more.
    /// Where panels have no place of their own on the screen, the first time does that.
    mutating func goToPanel(_ key: Key) {
        guard case .character(let digit) = key, let panel = Panel(rawValue: Int(digit.value) - 0x30)
        else { return }
        if attention.panel == panel {
            attention.isWhole.toggle()
        } else {
            attention.panel = panel
            attention.isWhole = attention.isWhole || !OverviewView.isBoxed(size)
        }
    }

    mutating func back() {
        // Without boxes nothing shows which panel the keys are for.
        if !attention.isWhole || !OverviewView.isBoxed(size) { attention.panel = .stages }
        attention.isWhole = false
    }

    /// How a key moves in a list.
    enum Move {
        case by(Int)
        case toFirst, toLast
    }

    /// Half a screen.
    var page: Int { max(1, size.height / 2) }

    /// Another stage, or another line of the news.
    mutating func choose(_ move: Move) {
        if attention.panel == .news {
            let ids = notices.lines(knowledge).map(\.id)
            let chosen = ids.firstIndex { $0 == attention.line }
            let place = place(move, from: chosen ?? -1, count: ids.count)
            attention.line = ids.isEmpty ? nil : ids[place]
        } else {
            selection = place(move, from: selection, count: facts.stages.count)
        }
    }

    /// The place in a list of `count` that a key leads to; 0 where it is empty.
    private func place(_ move: Move, from place: Int, count: Int) -> Int {
        let wanted =
            switch move {
            case .by(let places): place + places
            case .toFirst: 0
            case .toLast: count - 1
            }
        return max(0, min(count - 1, wanted))
    }
}
