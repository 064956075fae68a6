/// Boxes, bars and graphs on a canvas: what views are made of besides text.
///
/// Each is a function of its arguments alone. Shares are brought between 0 and 1, whatever was
/// computed; areas may lie anywhere, and what is outside the canvas is not drawn.
extension Canvas {
    /// A box with a title in its upper edge; gives the area inside. A box of less than two rows or
    /// columns has no edges and nothing inside.
    @discardableResult
    package mutating func box(
        _ area: Area, title: SafeText, symbols: Symbols, titleStyle: Style = .heading
    ) -> Area {
        guard area.width >= 2, area.height >= 2 else {
            return Area(x: area.x, y: area.y, width: 0, height: 0)
        }
        let (right, bottom) = (area.right - 1, area.bottom - 1)
        for x in area.x...right {
            put(symbols.lines.horizontal, x: x, y: area.y, style: .frame)
            put(symbols.lines.horizontal, x: x, y: bottom, style: .frame)
        }
        for y in area.y...bottom {
            put(symbols.lines.vertical, x: area.x, y: y, style: .frame)
            put(symbols.lines.vertical, x: right, y: y, style: .frame)
        }
        put(symbols.lines.corners[0], x: area.x, y: area.y, style: .frame)
        put(symbols.lines.corners[1], x: right, y: area.y, style: .frame)
        put(symbols.lines.corners[2], x: area.x, y: bottom, style: .frame)
        put(symbols.lines.corners[3], x: right, y: bottom, style: .frame)
        if !title.isEmpty, area.width > 6 {
            let shown = title.cut(to: area.width - 6, ellipsis: symbols.ellipsis)
            // A corner and a piece of the edge stay at both ends of the title, and a space on each
            // side of it.
            put(" ", x: area.x + 2, y: area.y)
            let used = put(shown, x: area.x + 3, y: area.y, style: titleStyle)
            put(" ", x: area.x + 3 + used, y: area.y)
        }
        return area.inset(1)
    }

    /// A line across the first row of an area, with a title in it; gives the rest of the area.
    @discardableResult
    package mutating func rule(
        _ title: SafeText, _ area: Area, symbols: Symbols, style: Style = .heading
    ) -> Area {
        guard area.height > 0 else { return area }
        for x in area.x..<max(area.x, area.right) {
            put(symbols.lines.horizontal, x: x, y: area.y, style: .frame)
        }
        let shown = title.cut(to: max(0, area.width - 5), ellipsis: symbols.ellipsis)
        put(" " + shown + " ", x: area.x + 2, y: area.y, style: style)
        return area.split(top: 1).rest
    }

    /// A bar that is filled to a share from the left, in the first row of the area. A cell can be
    /// filled in as many steps as the symbols have bars: eighths, or only whole cells in ASCII.
    package mutating func bar(_ share: Double, in area: Area, symbols: Symbols, style: Style) {
        guard !area.isEmpty else { return }
        let levels = symbols.bars.count
        let filled = Int((Self.bounded(share) * Double(area.width * levels)).rounded())
        for column in 0..<area.width {
            let level = min(levels, filled - column * levels)
            if level > 0 {
                put(symbols.bars[level - 1], x: area.x + column, y: area.y, style: style)
            } else {
                put(symbols.track, x: area.x + column, y: area.y, style: .faint)
            }
        }
    }

    /// Shares beside each other, each with its sign, over the whole width. The sums are rounded and
    /// not the shares, so that rounding errors do not add up; what is left over belongs to the last
    /// one.
    package mutating func shares(
        _ parts: [(share: Double, sign: Character, style: Style)], in area: Area
    ) {
        var (sum, column) = (0.0, 0)
        for (index, part) in parts.enumerated() {
            sum += Self.bounded(part.share)
            let isLast = index == parts.count - 1
            let end =
                isLast ? area.width : min(area.width, Int((sum * Double(area.width)).rounded()))
            while column < end {
                put(part.sign, x: area.x + column, y: area.y, style: part.style)
                column += 1
            }
        }
    }

    /// A graph of values from 0 to `top`, the newest at the right edge; nil values leave a gap.
    /// Values above `top` are drawn at the top, and of more values than fit the oldest are left
    /// out.
    ///
    /// A cell of braille holds two values beside each other in four levels, a cell of ASCII one
    /// value in two levels.
    package mutating func graph(
        _ values: [Double?], top: Double, in area: Area, symbols: Symbols, style: Style
    ) {
        guard !area.isEmpty, top > 0 else { return }
        if symbols.hasBraille {
            braille(values, top: top, in: area, style: style)
            return
        }
        let shown = values.suffix(area.width)
        let start = area.right - shown.count
        for (offset, value) in shown.enumerated() {
            guard let value else { continue }
            let level = Self.level(value, top: top, levels: area.height * 2)
            for row in 0..<area.height {
                let inRow = level - row * 2
                if inRow <= 0 { break }
                put(
                    inRow == 1 ? "." : ":", x: start + offset, y: area.bottom - 1 - row,
                    style: style)
            }
        }
    }

    /// How many values a graph of this width shows.
    package static func graphValues(width: Int, symbols: Symbols) -> Int {
        max(0, width) * (symbols.hasBraille ? 2 : 1)
    }

    /// The graph in braille: dots of a cell stand in two columns of four, and the character's code
    /// is 0x2800 plus a bit for each dot.
    private mutating func braille(
        _ values: [Double?], top: Double, in area: Area, style: Style
    ) {
        let capacity = area.width * 2
        let shown = values.suffix(capacity)
        let start = capacity - shown.count
        var levels = [Int](repeating: 0, count: capacity)
        for (offset, value) in shown.enumerated() {
            guard let value else { continue }
            levels[start + offset] = Self.level(value, top: top, levels: area.height * 4)
        }
        // The bits of the dots from the bottom up, in the left and the right column. The lowest row
        // came into braille later and has the highest bits.
        let left: [UInt32] = [0x40, 0x04, 0x02, 0x01]
        let right: [UInt32] = [0x80, 0x20, 0x10, 0x08]
        for row in 0..<area.height {
            for column in 0..<area.width {
                var dots: UInt32 = 0
                for dot in 0..<4 {
                    if levels[column * 2] > row * 4 + dot { dots |= left[dot] }
                    if levels[column * 2 + 1] > row * 4 + dot { dots |= right[dot] }
                }
                guard dots != 0, let scalar = Unicode.Scalar(0x2800 + dots) else { continue }
                put(
                    Character(scalar), x: area.x + column, y: area.bottom - 1 - row, style: style)
            }
        }
    }

    /// How many levels a value fills; at least one for anything above nothing, so that little is
    /// not shown as none.
    private static func level(_ value: Double, top: Double, levels: Int) -> Int {
        guard value > 0 else { return 0 }
        return max(1, Int((bounded(value / top) * Double(levels)).rounded()))
    }

    /// A share between 0 and 1; 0 for what is no number.
    private static func bounded(_ share: Double) -> Double {
        share.isNaN ? 0 : max(0, min(1, share))
    }
}
