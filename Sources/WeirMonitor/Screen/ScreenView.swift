package import WeirTerminal

/// A view of a run: one file or one folder, which has its state, its keys with their help, what
/// they do, and how it is painted.
///
/// A screen hosts views and shows one of them. It gives the view a run to look at, hands it the
/// keys that it declared, and paints around it the line at the top, the line at the bottom and any
/// box that lies over the screen. A view knows nothing of terminals, threads, clocks or files, and
/// cannot tell a run that goes on from a recording. `ScreenViews.all` is the one list in which a
/// view is registered.
///
/// `OpenViews` and `ScreenModel` are the only callers, in this order. `init` comes once, with what
/// is known of the run before its first sample. Then, for each key among `keys` that nothing before
/// the view wanted, that key's action runs. For each frame comes `paint`, or `paintReduced` where
/// the screen is smaller than `ScreenState.minimumSize`. All of it is pure: actions change the view
/// and the `ScreenState` that they are given, painting changes neither, and two paintings in a row
/// give the same cells.
///
/// A view keeps state only for what it alone shows, such as a chosen line. What other views need to
/// know belongs into `ScreenState`, and what happened in the run is asked of the timeline.
package protocol ScreenView: Sendable {
    /// What it is called in the help's title and where one goes from view to view.
    static var name: String { get }
    /// The digit that goes there from any view, 1 to 9, and is no other view's.
    static var digit: Int { get }
    /// Its keys, in the order in which the help lists them. None may be one of the screen's own
    /// (`ScreenKeys`), because such a key would never come here; a test holds that.
    static var keys: [KeyBinding<Self>] { get }
    /// What its signs mean, for the end of the help; nil where it has none of its own.
    static var legend: String? { get }

    /// A view of a run that nothing is known of but its names and its graph.
    init(_ facts: RunFacts)

    /// Whether something of the view's own is open that `q` leaves before it leaves the screen.
    var canGoBack: Bool { get }
    /// Leaves what is open. It is called only where `canGoBack` is true.
    mutating func goBack(_ screen: inout ScreenState)

    /// Whether keys are letters of something that is being typed; then all of them go to `type`.
    var isTyping: Bool { get }
    mutating func type(_ key: Key, _ screen: inout ScreenState)

    /// Paints the view in the area between the screen's lines. The canvas is empty there.
    func paint(on canvas: inout Canvas, in area: Area, _ screen: ScreenState)
    /// Paints what there is room for on a screen that is too small for parts, which may be nothing.
    /// The area may be empty.
    func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState)
}

/// What a view gets without writing it: no legend, nothing of its own to leave, and an empty
/// reduced form.
extension ScreenView {
    package static var legend: String? { nil }
    package var canGoBack: Bool { false }
    package mutating func goBack(_ screen: inout ScreenState) {}
    package var isTyping: Bool { false }
    package mutating func type(_ key: Key, _ screen: inout ScreenState) {}
    package func paintReduced(on canvas: inout Canvas, in area: Area, _ screen: ScreenState) {}

    /// What the help says of its keys.
    static var rows: [KeyRow] { keys.map(\.row) }

    /// Acts on a key; nil where the view has no such key.
    mutating func press(_ key: Key, _ screen: inout ScreenState) -> [ScreenEffect]? {
        Self.keys.binding(of: key)?.action(&self, key, &screen)
    }
}
