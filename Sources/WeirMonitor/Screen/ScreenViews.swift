/// The views that there are, in the order in which one goes through them; the first is shown first.
///
/// A view is added here, by one line, and nowhere else.
package enum ScreenViews {
    package static let all: [any ScreenView.Type] = [
        Overview.self
    ]
}
