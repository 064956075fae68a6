/// Finds what somebody may have meant who typed a name that means nothing.
package enum Nearest {
    /// What to say: `Did you mean X?`, or the names there are, or `fallback` where there are
    /// too many.
    package static func advice(_ wrong: String, among names: [String], or fallback: String)
        -> String
    {
        if let best = best(wrong, among: names) { return "Did you mean \(best)?" }
        if names.isEmpty || names.count > 12 { return fallback }
        return "There are: \(names.joined(separator: ", "))"
    }

    /// The name that is nearest, when one is near enough to have been meant: two edits, or a
    /// third of the name. Of equally near ones the first.
    package static func best(_ wrong: String, among names: [String]) -> String? {
        let near = names.map { (name: $0, distance: distance(wrong, $0)) }
            // A name of two letters is not near to everything of two letters.
            .filter { $0.distance <= max(2, $0.name.count / 3) && $0.distance < $0.name.count }
        return near.min { $0.distance < $1.distance }?.name
    }

    /// How many edits lead from one word to the other (Levenshtein's distance), in either
    /// case of letters and of the first 64 characters alone.
    package static func distance(_ left: String, _ right: String) -> Int {
        let (from, to) = (Array(left.lowercased().prefix(64)), Array(right.lowercased().prefix(64)))
        var row = Array(0...to.count)
        // One row of the table of distances at a time: `row[n]` is the number of edits from
        // what was read so far to the first n characters of the other word.
        for (index, character) in from.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for column in to.indices {
                let cost = character == to[column] ? previous : previous + 1
                previous = row[column + 1]
                row[column + 1] = min(cost, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[to.count]
    }
}
