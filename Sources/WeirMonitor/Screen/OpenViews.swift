/// The views of one screen, and which of them is shown.
///
/// `ScreenModel` makes this when the screen opens, with one view of each registered kind, and keeps
/// it until the screen closes or another run is shown. All views exist from the start, and the ones
/// that are not shown keep their state. So a person who goes to another view and comes back finds
/// the panel and the chosen line as they were. There is always at least one view.
package struct OpenViews: Sendable {
    private var views: [any ScreenView]
    /// The index of the view that is shown. It is always an index of `views`.
    private var shown = 0

    /// Opens a fresh view of each kind for a run, the first of them shown. At least one kind is
    /// required.
    package init(_ kinds: [any ScreenView.Type], _ facts: RunFacts) {
        precondition(!kinds.isEmpty, "a screen without a view shows nothing")
        views = kinds.map { $0.init(facts) }
    }

    package var count: Int { views.count }

    /// The kinds of the views, in order.
    var kinds: [any ScreenView.Type] { views.map { type(of: $0) } }

    /// The view that is shown. It can be assigned because views are values: a key's action changes
    /// a copy, which is then put back here.
    package var current: any ScreenView {
        get { views[shown] }
        set { views[shown] = newValue }
    }

    /// Shows the view that many positions further on, or back where the number is negative. The
    /// order is a circle: the first view follows the last.
    mutating func go(by offset: Int) {
        let next = (shown + offset) % views.count
        // The remainder of a negative number is negative in Swift.
        shown = next < 0 ? next + views.count : next
    }

    /// Shows the view of this name; a name that none has changes nothing.
    mutating func show(_ name: String) {
        shown = views.firstIndex { type(of: $0).name == name } ?? shown
    }

    /// Fresh views of the same kinds for another run, with a view of the same kind shown. The old
    /// views' state is left behind, because it speaks of stages and lines of a run that is no
    /// longer shown.
    func renewed(for facts: RunFacts) -> OpenViews {
        var renewed = OpenViews(views.map { type(of: $0) }, facts)
        renewed.shown = shown
        return renewed
    }
}
