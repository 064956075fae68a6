/// The views of a screen, and which of them is shown. Each keeps its state while others are shown.
package struct OpenViews: Sendable {
    private var views: [any ScreenView]
    private var shown = 0

    package init(_ kinds: [any ScreenView.Type], _ facts: RunFacts) {
        precondition(!kinds.isEmpty, "a screen without a view shows nothing")
        views = kinds.map { $0.init(facts) }
    }

    package var count: Int { views.count }

    /// The view that is shown.
    package var current: any ScreenView {
        get { views[shown] }
        set { views[shown] = newValue }
    }

    /// Shows the view that comes so many places after the shown one; behind the last is the first.
    mutating func go(by places: Int) {
        let place = (shown + places) % views.count
        shown = place < 0 ? place + views.count : place
    }

    /// Fresh views of the same kinds for another run, with the same one shown.
    func renewed(for facts: RunFacts) -> OpenViews {
        var renewed = OpenViews(views.map { type(of: $0) }, facts)
        renewed.shown = shown
        return renewed
    }
}
