package import WeirTerminal

/// A view of a run: one file or one folder, which has its state, its keys with their help, what
/// they do, and how it is painted.
///
/// A screen hosts views and shows one of them. It gives the view a run to look at, hands it the
/// keys it declared, and paints the line at the top, the line at the bottom and what lies over the
/// screen around it; a view knows nothing of terminals, threads, clocks or files, and cannot tell a
/// run that goes on from a recording. `ScreenViews.all` is the one place where a view is
/// registered.
///
/// In order: `init` once, with what is known of the run; then, for a key among `keys`, that key's
/// action; for each frame `paint`, or `paintReduced` where the screen is smaller than
/// `ScreenState.smallest`. All of it is pure: actions change the view and the `ScreenState` that
/// they are given, and painting changes neither.
package protocol ScreenView: Sendable {
    /// What it is called in the help's title and where one goes from view to view.
    static var name: String { get }
    /// Its keys. None may be one of the screen's own (`ScreenKeys`): that would never come here.
    static var keys: [KeyBinding<Self>] { get }
    /// What its signs mean, for the end of the help; nil where it has none of its own.
    static var legend: String? { get }

    init(_ facts: RunFacts)

    /// Whether something of the view's own is open that `q` leaves before it leaves the screen.
    var canGoBack: Bool { get }
    /// Leaves it. Called where `canGoBack`.
    mutating func goBack(_ screen: inout ScreenState)

    /// Paints the view in the area between the screen's lines. The canvas is empty there.
    func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState)
    /// Paints what there is room for on a screen that is too small for parts, which may be nothing.
    func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState)
}

extension ScreenView {
    package static var legend: String? { nil }
    package var canGoBack: Bool { false }
    package mutating func goBack(_ screen: inout ScreenState) {}
    package func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {}

    /// What the help says of its keys.
    static var rows: [KeyRow] { keys.map(\.row) }

    /// Acts on a key; nil where the view has no such key.
    mutating func press(_ key: Key, _ screen: inout ScreenState) -> [ScreenEffect]? {
        Self.keys.binding(of: key)?.action(&self, key, &screen)
    }
}
