/// The views that there are, in the order in which a person goes through them; the first is shown
/// first.
///
/// A view is added here, by one line, and nowhere else: help, keys and going from view to view
/// follow from the type. With one view in the list the keys that go between views are not bound.
package enum ScreenViews {
    package static let all: [any ScreenView.Type] = [
        Overview.self,
        StageView.self,
        LogsView.self,
        ReplayView.self,
    ]
}
