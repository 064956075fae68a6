import WeirTerminal

/// The keys that the screen itself has, the same in every view: moving through time, going from
/// view to view, what concerns the run, the terminal, and the way out.
///
/// `ScreenModel` looks a pressed key up here before it asks the view that is shown. A view
/// therefore cannot take one of these keys for something else; a test refuses one that tries,
/// because a letter would then mean two things. The actions only change the screen's state and name
/// effects: no key reaches the run or the terminal from here.
///
/// Most actions have a letter and a named key as well. `q` and `?` mean what they mean in pagers,
/// F1 and F10 what they mean in `htop`.
enum ScreenKeys {
    typealias Binding = KeyBinding<OpenViews>

    /// The keys of a screen with those views. With a single view there is no other one to go to, so
    /// that its screen neither binds nor names those keys.
    static func all(_ views: [any ScreenView.Type]) -> [Binding] {
        let between = views.count > 1 ? betweenViews + digits(views) : []
        return time + between + run + terminal + leaving
    }

    /// A digit for each view.
    private static func digits(_ views: [any ScreenView.Type]) -> [Binding] {
        let sorted = views.sorted { $0.digit < $1.digit }
        return sorted.map { view in
            Binding(
                [.character(Unicode.Scalar(UInt8(0x30 + view.digit)))], .read,
                "\(view.name); selection and time stay",
                // The others are gone to by Tab as well; this one is what nobody would look for.
                hint: view == ReplayView.self ? KeyHint(view.name) : nil
            ) { views, _, _ in
                views.show(view.name)
                return []
            }
        }
    }

    private static let time: [Binding] = [
        Binding(
            [.character(" "), .function(5)], .time, "pause the view; again: play on from there",
            hint: "pause"
        ) { _, _, screen in
            screen.timeline.pause()
            return []
        },
        Binding([.character("L"), .end], .time, "back to live; a replay ends", hint: "live") {
            views, _, screen in
            screen.timeline.goLive()
            screen.replay.close()
            if type(of: views.current) == ReplayView.self { screen.show(Overview.self) }
            return []
        },
        Binding([.character("t"), .left], .time, "one sample back", hint: "back") {
            _, _, screen in
            screen.timeline.go(by: -1)
            return []
        },
        Binding([.character("T"), .right], .time, "one sample forward", hint: "forward") {
            _, _, screen in
            screen.timeline.go(by: 1)
            return []
        },
        Binding([.character("{")], .time, "to the previous warning, error or violation") {
            _, _, screen in
            // A key that cannot do anything says so: silence would look like a key that was not
            // read.
            if !screen.timeline.goToNotice(forward: false) {
                screen.say("nothing was noticed before this")
            }
            return []
        },
        Binding([.character("}")], .time, "to the next warning, error or violation") {
            _, _, screen in
            if !screen.timeline.goToNotice(forward: true) {
                screen.say("nothing was noticed after this")
            }
            return []
        },
    ]

    /// As htop goes through its tabs.
    private static let betweenViews: [Binding] = [
        Binding([.tab], .read, "next view", hint: "view") {
            views, _, _ in
            views.go(by: 1)
            return []
        },
        Binding([.backTab], .read, "previous view") { views, _, _ in
            views.go(by: -1)
            return []
        },
    ]

    private static let run: [Binding] = [
        Binding([.character("r")], .other, "to the newer run, once there is one") { _, _, screen in
            if screen.timeline.newer != nil { return [.goToNewer] }
            screen.say("there is no newer run")
            return []
        },
        Binding(
            [.character("?"), .function(1)], .other, "this help; any key closes it",
            hint: KeyHint("help", isVital: true)
        ) { _, _, screen in
            screen.open(.help)
            return []
        },
    ]

    /// What concerns the terminal alone, and so also does what it does over an open box.
    static let terminal: [Binding] = [
        Binding([.control("l")], .other, "paint everything again") { _, _, _ in [.redraw] },
        Binding([.control("z")], .other, "stop the program here; fg goes on") { _, _, _ in
            [.suspend]
        },
    ]

    /// The way out. The help describes it differently for a run that belongs to another process,
    /// because leaving does not end that one.
    private static let leaving: [Binding] = [
        Binding(
            [.character("q"), .function(10)], .other,
            "end the run as Ctrl-C does; again: stop it now", watching: "leave; the run goes on",
            hint: KeyHint("quit", inside: "back", isVital: true)
        ) { views, _, screen in quit(&views, &screen) }
    ]

    /// Leaves whatever is innermost: first what the view has open, then the screen.
    ///
    /// For the owner of a run that goes on, leaving means ending the run. The first press drains
    /// it, and the screen stays to show how that goes; a second press stops it without waiting. A
    /// watcher, or the owner of a run that is over, just leaves.
    private static func quit(_ views: inout OpenViews, _ screen: inout ScreenState)
        -> [ScreenEffect]
    {
        if views.current.canGoBack {
            views.current.goBack(&screen)
            return []
        }
        if screen.timeline.ending != nil || screen.standpoint == .watcher { return [.leave] }
        if screen.isEnding { return [.stopRun] }
        screen.isEnding = true
        return [.endRun]
    }
}
