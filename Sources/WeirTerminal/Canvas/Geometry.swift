/// A size in cells. It is never negative, and bounded so that a terminal's wild claim costs little
/// memory: a canvas of the greatest size takes some tens of megabytes, once.
package struct CanvasSize: Equatable, Sendable {
    package let width: Int
    package let height: Int

    /// A size brought within the bounds.
    package init(width: Int, height: Int) {
        self.width = max(0, min(TerminalBounds.maximumSide, width))
        self.height = max(0, min(TerminalBounds.maximumSide, height))
    }
}

/// A rectangle of cells, by its upper left corner and its size, which is never negative. It may
/// reach over a canvas's edges, or lie outside: drawing clips. Layouts are made by splitting areas.
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
    /// The column behind the last one.
    package var right: Int { x + width }
    /// The row below the last one.
    package var bottom: Int { y + height }

    /// The area without `margin` cells on each side.
    package func inset(_ margin: Int) -> Area {
        Area(
            x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
    }

    /// The first `count` rows, and what is below them. Where there are fewer rows the rest is
    /// empty.
    package func split(top count: Int) -> (top: Area, rest: Area) {
        let taken = max(0, min(height, count))
        return (
            Area(x: x, y: y, width: width, height: taken),
            Area(x: x, y: y + taken, width: width, height: height - taken)
        )
    }

    /// The first `count` columns, and what is right of them. Where there are fewer columns the rest
    /// is empty.
    package func split(left count: Int) -> (left: Area, rest: Area) {
        let taken = max(0, min(width, count))
        return (
            Area(x: x, y: y, width: taken, height: height),
            Area(x: x + taken, y: y, width: width - taken, height: height)
        )
    }
}
