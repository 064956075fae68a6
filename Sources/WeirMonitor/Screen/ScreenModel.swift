package import WeirTerminal

/// What can happen to a screen.
package enum ScreenMessage: Sendable {
    /// Something became known of the run.
    case timeline(TimelineEvent)
    /// The run's clock, microseconds since its start. What is shown ages by it.
    case tick(now: Int64)
    case key(Key)
    case resize(CanvasSize)
}

/// What a screen or one of its views wants from whoever drives it.
package enum ScreenEffect: Equatable, Sendable {
    /// Drain and end the run, as one Ctrl-C does.
    case endRun
    /// Stop it now, as the second one does.
    case stopRun
    case leave
    case redraw
    case suspend
    /// Open the debugger's prompt on the trace at a step; the run goes on meanwhile.
    case debug(step: UInt64)
    /// Show the newer trace instead.
    case goToNewer
}

/// A screen: the views that it hosts and what they share, as a value.
///
/// Whoever has a terminal drives it: messages in (`update`), effects out, and `frame` is what is to
/// be seen, whenever that is asked for. There is no thread, clock or terminal in here, so that a
/// test drives it as the program does, and a recording looks as the run did.
///
/// A key goes to one of four, in this order: a paste to nobody; what lies over the screen; the
/// screen's own keys; the view that is shown.
package struct ScreenModel: Sendable {
    package private(set) var state: ScreenState
    package private(set) var views: OpenViews

    package init(
        facts: RunFacts, standpoint: Standpoint, size: CanvasSize, theme: Theme,
        views: [any ScreenView.Type] = ScreenViews.all
    ) {
        state = ScreenState(facts: facts, standpoint: standpoint, size: size, theme: theme)
        self.views = OpenViews(views, facts)
    }

    /// The same screen for another run: its view and its looks stay, everything else is new.
    package func renewed(for facts: RunFacts) -> ScreenModel {
        var renewed = self
        renewed.state = ScreenState(
            facts: facts, standpoint: state.standpoint, size: state.size, theme: state.theme)
        renewed.views = views.renewed(for: facts)
        return renewed
    }

    package var timeline: Timeline { state.timeline }

    /// The rows of the help: those of the view and those of the screen, by the parts of the help.
    package var keys: [KeyRow] {
        let own = type(of: views.current).rows
        let rows = own + ScreenKeys.all(viewCount: views.count).map(\.row)
        return KeyGroup.allCases.flatMap { group in rows.filter { $0.group == group } }
    }

    /// Takes a message; gives what is to be done outside. Pure but for the screen itself.
    package mutating func update(_ message: ScreenMessage) -> [ScreenEffect] {
        switch message {
        case .timeline(let event): state.timeline.take(event)
        case .tick(let time): state.timeline.tick(now: time)
        case .key(let key): return press(key)
        case .resize(let size): state.size = size
        }
        return []
    }

    // MARK: Keys

    private mutating func press(_ key: Key) -> [ScreenEffect] {
        state.message = nil
        if key == .paste {
            state.say("what was pasted is ignored: keys are commands here")
            return []
        }
        if let box = overlay { return press(key, over: box) }
        if let binding = ScreenKeys.all(viewCount: views.count).binding(of: key) {
            return binding.action(&views, key, &state)
        }
        return views.current.press(key, &state) ?? []
    }

    /// A key while something lies over the screen: it moves there, or closes it and does nothing
    /// else. So whoever closes a box with `q` does not end the run by it.
    private mutating func press(_ key: Key, over box: OverlayBox) -> [ScreenEffect] {
        if let binding = ScreenKeys.terminal.binding(of: key) {
            return binding.action(&views, key, &state)
        }
        guard let move = ListKeys.move(for: key) else {
            state.overlay = nil
            return []
        }
        let most = box.maximumScroll
        state.overlayScroll = move.place(
            from: min(state.overlayScroll, most), count: most + 1, page: box.pageRows)
        return []
    }

    // MARK: What is seen

    /// What lies over the screen; nil when nothing does.
    package var overlay: OverlayBox? {
        switch state.overlay {
        case nil: nil
        case .help: OverlayBox(help: keys, of: type(of: views.current), state)
        case .details(let details): OverlayBox(details, state)
        }
    }

    /// The screen as it is to be seen now.
    package var frame: Canvas {
        var canvas = Canvas(size: state.size, isASCII: state.symbols.isASCII)
        let status = StatusLine(state)
        let view = views.current
        if state.isReduced {
            status.paintReduced(on: &canvas)
            view.paintReduced(on: &canvas, in: canvas.area.split(top: 1).rest, state)
            return canvas
        }
        status.paint(on: &canvas)
        var body = canvas.area.split(top: 1).rest
        body.height -= 1
        view.paint(on: &canvas, in: body, state)
        KeyLine(keys, isInside: view.canGoBack, state).paint(on: &canvas)
        overlay?.paint(on: &canvas, scroll: state.overlayScroll, symbols: state.symbols)
        return canvas
    }
}
