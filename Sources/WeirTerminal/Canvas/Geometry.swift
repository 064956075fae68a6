/// A size in cells; never negative, and bounded so that a terminal's wild claim costs no memory: a
/// canvas of the greatest size takes some tens of megabytes, once.
package struct CanvasSize: Equatable, Sendable {
    /// What a side has at most.
    package static let maximumSide = 1000

    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
        self.width = max(0, min(Self.maximumSide, width))
        self.height = max(0, min(Self.maximumSide, height))
    }
}

/// A rectangle of cells. It may reach over a canvas's edges; drawing clips.
package struct Area: Equatable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }

    package init(_ size: CanvasSize) {
        self.init(x: 0, y: 0, width: size.width, height: size.height)
    }

    package var isEmpty: Bool { width == 0 || height == 0 }
    package var right: Int { x + width }
    package var bottom: Int { y + height }

    /// The area without `margin` cells on each side.
    package func inset(_ margin: Int) -> Area {
        Area(
            x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
    }

    /// The first `count` rows, and what is below them.
    package func split(top count: Int) -> (top: Area, rest: Area) {
        let taken = max(0, min(height, count))
        return (
            Area(x: x, y: y, width: width, height: taken),
            Area(x: x, y: y + taken, width: width, height: height - taken)
        )
    }

    /// The first `count` columns, and what is right of them.
    package func split(left count: Int) -> (left: Area, rest: Area) {
        let taken = max(0, min(width, count))
        return (
            Area(x: x, y: y, width: taken, height: height),
            Area(x: x + taken, y: y, width: width - taken, height: height)
        )
    }
}
