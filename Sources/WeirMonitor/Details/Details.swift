package import WeirTerminal

/// Something that a row or a line of the screen stands for, read whole: none of it is cut.
///
/// A view opens one (`ScreenState.open`), and `OverlayBox` lays out what it says. It holds only
/// what it is about, such as the number of a stage. What it says is asked for at every frame, so
/// that it goes on with the run, and shows the past where the playhead stands there. A view may
/// have details of its own, which nothing else needs to know.
package protocol Details: Sendable {
    /// What it is, in a word, for the box's title.
    var title: String { get }
    /// What there is to say at the shown moment, from top to bottom.
    func facts(of timeline: Timeline) -> [DetailFact]
}

/// A name and what it is, a row of details or several. Both may come from outside; whoever draws
/// them makes them safe.
package struct DetailFact: Equatable, Sendable {
    package var name: String
    package var text: String
    package var style: Style

    package init(_ name: String, _ text: String, style: Style = .plain) {
        self.name = name
        self.text = text
        self.style = style
    }
}
