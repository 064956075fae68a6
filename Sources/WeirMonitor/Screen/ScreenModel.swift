package import WeirBase
import WeirTelemetry
package import WeirTerminal

/// Everything that can happen to a screen. There is no other way to change one.
package enum ScreenMessage: Sendable {
    /// Something became known of the run.
    case timeline(TimelineEvent)
    /// The run's clock. What is shown ages by it.
    case tick(now: RunTime)
    /// The replay that was asked for tells something.
    case replay(ReplayEvent)
    /// A key was pressed, or a paste arrived.
    case key(Key)
    /// The terminal has another size now. Any size is allowed, down to no cells at all.
    case resize(CanvasSize)
}

/// What a screen or one of its views wants from whoever drives it. These are requests: nothing has
/// happened yet when one is returned, and the screen learns of the outcome only by later messages.
package enum ScreenEffect: Equatable, Sendable {
    /// Drain and end the run, as one Ctrl-C does.
    case endRun
    /// Stop it now, as the second one does.
    case stopRun
    /// Close the screen. What that means for the run was decided before this was returned.
    case leave
    /// Paint every cell again, because something else wrote over the terminal.
    case redraw
    /// Give the terminal back and stop the process, as Ctrl-Z does in a shell.
    case suspend
    /// Something is asked of the replay of the run.
    case replay(ReplayRequest)
    /// Show the newer trace instead.
    case goToNewer
}

/// A screen: the views that it hosts and what they share, as a value.
///
/// Whoever has a terminal drives it. It is made with what is known of the run; then every message
/// goes to `update`, which gives the effects that are to be done outside, and `frame` is what there
/// is to see, whenever the driver wants to paint. The drivers are `RunScreen`, which owns a real
/// terminal, and tests, which need none. There is no thread, clock or terminal in here, so that a
/// test drives the screen exactly as the program does, and a recording looks as the run did.
///
/// A key goes to the first of these that wants it:
///
/// - A paste goes to nobody. Its characters would be taken for commands.
/// - While a box lies over the screen, the box takes every key (`press(_:over:)`).
/// - While something is typed into the view that is shown, it takes every key.
/// - Then come the screen's own keys (`ScreenKeys`).
/// - Last comes the view that is shown. A key that it does not know does nothing.
///
/// One thread uses a model at a time. Updating costs little; `frame` asks the timeline for rates
/// and the verdict, which walks over some seconds of samples.
package struct ScreenModel: Sendable {
    /// What the views share and read: the timeline, the selection, the size, the open box.
    package private(set) var state: ScreenState
    /// The views, and which one is shown.
    package private(set) var views: OpenViews

    package init(
        facts: RunFacts, standpoint: Standpoint, size: CanvasSize, theme: Theme,
        views: [any ScreenView.Type] = ScreenViews.all
    ) {
        state = ScreenState(facts: facts, standpoint: standpoint, size: size, theme: theme)
        self.views = OpenViews(views, facts)
    }

    /// The same screen for another run. The view that is shown, the size and the theme stay; the
    /// timeline, the selection and any open box start anew, because they belong to the run that was
    /// shown before.
    package func renewed(for facts: RunFacts) -> ScreenModel {
        var renewed = self
        renewed.state = ScreenState(
            facts: facts, standpoint: state.standpoint, size: state.size, theme: state.theme)
        renewed.views = views.renewed(for: facts)
        return renewed
    }

    package var timeline: Timeline { state.timeline }

    /// The rows of the help: those of the view and those of the screen, sorted by the parts of the
    /// help. Within a part the view's own rows come first. The line at the bottom is made of the
    /// same rows.
    package var keys: [KeyRow] {
        let own = type(of: views.current).rows
        let rows = own + ScreenKeys.all(views.kinds).map(\.row)
        return KeyGroup.allCases.flatMap { group in rows.filter { $0.group == group } }
    }

    /// Takes a message and gives what is to be done outside, in order. Apart from the change to the
    /// screen itself there is no side effect.
    package mutating func update(_ message: ScreenMessage) -> [ScreenEffect] {
        var effects: [ScreenEffect] = []
        switch message {
        case .timeline(let event): state.timeline.take(event)
        case .tick(let time): state.timeline.tick(now: time)
        case .replay(let event): take(event)
        case .key(let key):
            effects = press(key)
            if let wanted = state.wantedView { views.show(wanted) }
            state.wantedView = nil
        case .resize(let size): state.size = size
        }
        keepReplay()
        return effects
            + state.replay.takeRequests(columns: state.size.width).map { .replay($0) }
    }

    // MARK: The replay

    /// Opens the replay at a position in the words of `goto`, and shows it; nil for the first
    /// failure, else the end. What is then to be done outside comes with the next update.
    package mutating func openReplay(at position: String?) {
        views.show(ReplayView.name)
        state.replay.open(at: position)
    }

    /// Takes what the replay tells. Where it moved by command, the screen shows that moment.
    private mutating func take(_ event: ReplayEvent) {
        guard let time = state.replay.take(event) else { return }
        state.timeline.show(time)
        state.replay.playhead = state.timeline.playhead
    }

    /// Opens a replay where its view is gone to, ends it at the live edge, and lets it follow the
    /// playhead where a person moved that or plays the past.
    private mutating func keepReplay() {
        guard type(of: views.current) == ReplayView.self else { return }
        let timeline = state.timeline
        if state.replay.phase == .closed, timeline.facts.tracePath != nil {
            let step = state.selectedStep ?? timeline.debugStep
            // Before anything is known of the run, its first failure is what one goes there for.
            state.replay.open(at: timeline.history.newest == nil ? nil : "\(step)")
        } else if let step = state.selectedStep {
            goReplay(to: step)
        }
        state.selectedStep = nil
        guard let replayed = state.replay.playhead, timeline.playhead != replayed else { return }
        if timeline.playhead == .live { return }
        let last = state.replay.picture?.lastStep ?? .max
        if timeline.shownStep > last, !timeline.playhead.isPlaying {
            state.say("the replay has the run up to step \(last): L and 5 begin it anew")
        }
        state.replay.follow(to: min(last, timeline.shownStep))
        state.replay.playhead = timeline.playhead
    }

    /// Has the replay go to what was chosen. A run that goes on may have come further since it was
    /// opened: then it is opened anew.
    private mutating func goReplay(to step: Step) {
        if let picture = state.replay.picture, step > picture.lastStep {
            state.replay.close()
            state.replay.open(at: "\(step)")
        } else {
            state.obey("goto \(step)")
        }
    }

    // MARK: Keys

    /// Finds who wants a key, in the order that the type describes, and lets them act on it.
    private mutating func press(_ key: Key) -> [ScreenEffect] {
        // What the line at the bottom said was about the key before this one.
        state.message = nil
        if key == .paste {
            state.say("what was pasted is ignored: keys are commands here")
            return []
        }
        if let box = overlay { return press(key, over: box) }
        if views.current.isTyping {
            views.current.type(key, &state)
            return []
        }
        if let binding = ScreenKeys.all(views.kinds).binding(of: key) {
            return binding.action(&views, key, &state)
        }
        return views.current.press(key, &state) ?? []
    }

    /// A key while a box lies over the screen: a key for lists scrolls the box, a key that concerns
    /// the terminal alone does what it always does, and any other key closes the box and does
    /// nothing else. So whoever closes a box with `q` does not end the run by it.
    private mutating func press(_ key: Key, over box: OverlayBox) -> [ScreenEffect] {
        if let binding = ScreenKeys.terminal.binding(of: key) {
            return binding.action(&views, key, &state)
        }
        guard let move = ListKeys.move(for: key) else {
            state.overlay = nil
            return []
        }
        // The window may have grown since the last scroll, and then there is less to scroll than
        // was.
        let maximum = box.maximumScroll
        state.overlayScroll = move.index(
            from: min(state.overlayScroll, maximum), count: maximum + 1, page: box.pageRows)
        return []
    }

    // MARK: What is seen

    /// The box that lies over the screen, laid out for its present size; nil when none does, and on
    /// a reduced screen, which shows none: what is not seen must not take keys. It is laid out anew
    /// each time it is asked for, so that its contents follow the run and the window.
    package var overlay: OverlayBox? {
        guard !state.isReduced else { return nil }
        return switch state.overlay {
        case nil: nil
        case .help: OverlayBox(help: keys, of: type(of: views.current), state)
        case .details(let details): OverlayBox(details, state)
        }
    }

    /// The screen as it is to be seen now: the status line at the top, the view, the line of keys
    /// at the bottom, and above all of them the open box. On a screen smaller than
    /// `ScreenState.minimumSize` there is only a short status line and what the view can say below
    /// it; boxes are not shown there.
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
        // The last row belongs to the line of keys.
        body.height -= 1
        view.paint(on: &canvas, in: body, state)
        KeyLine(keys, isInside: view.canGoBack, state).paint(on: &canvas)
        overlay?.paint(on: &canvas, scroll: state.overlayScroll, symbols: state.symbols)
        return canvas
    }
}
