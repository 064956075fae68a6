import ArgumentParser
import LeakMatrix
import WeirBase

/// What a replay says of runs that read what they could not control, such as a clock, an address or
/// the order of a set.
///
/// Every cell of the matrix is a leak, a part of the program that it gets to, and a way in which
/// the run ends. `LeakMatrix` makes the runs; here is the choice of cells and the table. The aim is
/// that no leak is ever called identical: then the promise of a replay would be worth nothing.
struct LeaksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leaks",
        abstract: "The leak matrix: what leaks, where it gets to, how the run ends.",
        discussion: """
            Each cell records a run in one process and verifies it in another, in which the leak \
            has another value. Needs 'LeakFixture' built beside it: swift build -c release \
            --product LeakFixture. Exit code 1 when a leak was called identical, or fewer than \
            95 of 100 were caught with the right stage.
            """)

    @Option(help: "Only cells that leak this.") var leak: String?
    @Option(name: .customLong("place"), help: "Only cells in which it gets there.")
    var destination: String?
    @Option(help: "Only runs that end so.") var ending: String?

    /// Makes the chosen cells, prints the table, and fails with code 1 below the aim.
    mutating func run() throws {
        // Another program, because what leaks has to differ between two processes.
        guard let fixture = ProcessFacts.beside("LeakFixture") else {
            throw ValidationError("there is no LeakFixture beside this program: build it first")
        }
        let matrix = LeakMatrix(fixture: fixture)
        let cells = LeakCell.all.filter {
            $0.leak == leak ?? $0.leak && $0.destination == destination ?? $0.destination
                && $0.ending == ending ?? $0.ending
        }
        var table = LeakTable()
        for (number, cell) in cells.enumerated() {
            table.add(cell, try matrix.run(cell))
            Progress.show("cell \(number + 1) of \(cells.count): \(cell)")
        }
        Progress.end()
        print(table.text, terminator: "")
        // One leak that is called identical is one too many, whatever the others are.
        if table.identical > 0 || table.right * 100 < cells.count * 95 { throw ExitCode(1) }
    }
}

/// The matrix as text: a line for each part that a leak gets to and each ending, a letter for each
/// leak, and a note for each cell that is not as it should be.
private struct LeakTable {
    /// By part and ending, then by leak.
    private var letters: [String: [String: String]] = [:]
    /// Lines about cells that are not as they should be.
    private var notes: [String] = []
    private var total = 0
    /// Cells in which the leak was caught in the part that has it.
    private(set) var right = 0
    /// Cells in which the leak was caught at all.
    private(set) var caught = 0
    /// Cells in which the replay was called identical, which should be none.
    private(set) var identical = 0
    /// Cells in which the replay agreed as far as it compared, and said so.
    private var notCompared = 0

    /// Adds what became of a cell.
    mutating func add(_ cell: LeakCell, _ verdict: LeakVerdict) {
        total += 1
        let letter: String
        switch verdict {
        case .caught(let part, let first, let last, let isRight):
            caught += 1
            right += isRight ? 1 : 0
            letter = isRight ? "c" : "w"
            if !isRight { notes.append("\(cell): steps \(first) to \(last) of \(part)") }
        // What is not compared is not promised: such a cell is told apart from a wrong verdict.
        case .agrees(let line):
            notCompared += 1
            letter = "a"
            notes.append("\(cell): \(line)")
        case .identical:
            identical += 1
            letter = "I"
            notes.append("\(cell): called identical")
        case .unexpected(let what):
            letter = "?"
            notes.append("\(cell): \(what)")
        }
        letters["\(cell.destination) \(cell.ending)", default: [:]][cell.leak] = letter
    }

    /// The table, the notes and the sums, as lines of text.
    var text: String {
        var lines = ["place      ending     " + LeakCell.leaks.map { pad($0, 12) }.joined()]
        for destination in LeakCell.destinations {
            for ending in LeakCell.endings {
                guard let row = letters["\(destination) \(ending)"] else { continue }
                let cells = LeakCell.leaks.map { pad(row[$0] ?? "-", 12) }.joined()
                lines.append(pad(destination, 11) + pad(ending, 11) + cells)
            }
        }
        lines.append("c caught, w caught in another part, a not compared, I called identical")
        lines += notes
        lines.append(
            "\(total) cells: \(caught) caught (\(right) in the right part), "
                + "\(notCompared) not compared, \(identical) called identical")
        return lines.joined(separator: "\n") + "\n"
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
