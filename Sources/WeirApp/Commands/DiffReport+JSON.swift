import WeirBase
import WeirTelemetry
import WeirTrace

/// The difference as one JSON object on one line.
extension DiffReport {
    var json: String {
        var json = JSONText()
        json.beginObject()
        json.member("same", isSame)
        json.member("pipeline", a.header.pipeline)
        json.member("plan", a.header.plan)
        json.member("equalSteps", difference.equalSteps)
        json.key("a")
        write(a, difference.lastSteps.a, &json)
        json.key("b")
        write(b, difference.lastSteps.b, &json)
        if let first = difference.first {
            json.key("first")
            json.beginObject()
            json.member("step", difference.equalSteps + 1)
            json.member("kind", difference.isFirstOfValue ? "value" : "choice")
            let words = StepWords(a.header)
            json.member("a", first.a.map(words.what) ?? "is over")
            json.member("b", first.b.map(words.what) ?? "is over")
            json.endObject()
        }
        writeSubtasks(&json)
        writeCells(&json)
        writeEnds(&json)
        json.endObject()
        json.endLine()
        return json.string
    }

    private func write(_ trace: Trace, _ steps: Step, _ json: inout JSONText) {
        json.beginObject()
        json.member("trace", trace.path)
        json.member("seed", trace.header.seed)
        json.member("workers", trace.header.workers)
        json.member("steps", steps)
        json.member("cause", trace.end?.cause ?? "died")
        json.endObject()
    }

    private func writeSubtasks(_ json: inout JSONText) {
        json.key("subtasks")
        json.beginArray()
        for subtask in difference.subtasks where !subtask.isSame {
            json.beginObject()
            json.member("subtask", subtask.name)
            json.member("turnsA", subtask.turns.a)
            json.member("turnsB", subtask.turns.b)
            json.member("othersTaken", subtask.othersTaken)
            json.member("othersGiven", subtask.othersGiven)
            if let first = subtask.first {
                json.member("turn", first.ordinal)
                json.member("stepA", first.a.step)
                json.member("stepB", first.b.step)
            }
            json.endObject()
        }
        json.endArray()
    }

    private func writeCells(_ json: inout JSONText) {
        json.key("cells")
        json.beginArray()
        for cell in difference.cells where cell.first != nil {
            json.beginObject()
            json.member("cell", cell.name)
            json.member("equal", cell.equal)
            if let step = cell.first?.a?.step { json.member("stepA", step) }
            if let step = cell.first?.b?.step { json.member("stepB", step) }
            json.endObject()
        }
        json.endArray()
        if let bound = difference.bound { json.member("comparedTo", bound) }
    }

    private func writeEnds(_ json: inout JSONText) {
        json.key("sinks")
        json.beginArray()
        for sink in differingSinks {
            json.beginObject()
            json.member("sink", sink.name)
            json.member("differ", sink.what)
            json.member("rowsA", sink.a.rows)
            json.member("rowsB", sink.b.rows)
            json.endObject()
        }
        json.endArray()
        json.key("state")
        json.beginArray()
        for part in differingParts { json.value(part) }
        json.endArray()
    }
}
