import ArgumentParser
import WeirBase
import WeirEngine

/// The command line of every program built with WeirApp. `Program.run` has it parse the arguments;
/// each command is a type in this folder, and adding one is a line here.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ProgramName.bare,
        abstract: "Runs stream pipelines, watches them, and runs them again exactly.",
        version: Program.version,
        subcommands: [
            ListCommand.self, RunCommand.self, TopCommand.self, ReplayCommand.self,
            DiffCommand.self, ExportCommand.self,
            InspectCommand.self, RenoteCommand.self, CheckCommand.self, RecoverCommand.self,
            BenchCommand.self,
        ])
}

/// `weir list`: the pipelines that this program knows, with their parameters, for a person or as
/// one JSON object a line. It plans each pipeline, so that a pipeline that cannot be planned shows
/// here.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the pipelines that this program knows.")

    @Flag(help: "One JSON object a line, with stages, cells and invariants.")
    var json = false

    /// Prints every pipeline in the order in which the program lists them.
    func run() throws {
        for pipeline in Program.current.all {
            // With the usual settings, as nobody has given any: what a pipeline consists of may
            // depend on them.
            let plan = try pipeline.plan().plan
            Output.standard(json ? Self.json(pipeline, plan) : Self.text(pipeline, plan))
        }
    }

    /// A pipeline for a person: what it is, what it reads and writes, and which parameters `--set`
    /// takes with what they usually are.
    private static func text(_ pipeline: Pipeline, _ plan: Plan) -> String {
        var text = "\(pipeline.name)  \(pipeline.summary)\n"
        text += "    version \(pipeline.version), parallelism \(pipeline.parallelism)\n"
        text += "    reads \(plan.sources.map(\.name).joined(separator: ", "))"
        text += "; writes \(plan.sinks.map(\.name).joined(separator: ", "))\n"
        for parameter in pipeline.parameters {
            text += "    --set \(parameter.name)=\(parameter.defaultValue)"
            text += parameter.summary.isEmpty ? "\n" : "  \(parameter.summary)\n"
        }
        return text
    }

    /// A pipeline as a JSON object; the members are the command line's contract.
    private static func json(_ pipeline: Pipeline, _ plan: Plan) -> String {
        var json = JSONText()
        json.beginObject()
        json.member("name", pipeline.name)
        json.member("version", pipeline.version)
        json.member("summary", pipeline.summary)
        json.member("parallelism", pipeline.parallelism)
        json.member("plan", plan.hash.hexadecimal)
        list(&json, "sources", plan.sources.map(\.name))
        list(&json, "sinks", plan.sinks.map(\.name))
        list(&json, "stages", plan.stages.map(\.name))
        list(&json, "cells", plan.cells)
        list(&json, "invariants", plan.invariants)
        json.key("parameters")
        json.beginArray()
        for parameter in pipeline.parameters {
            json.beginObject()
            json.member("name", parameter.name)
            json.member("default", parameter.defaultValue)
            json.member("summary", parameter.summary)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.endLine()
        return json.string
    }

    /// A member that is an array of texts.
    private static func list(_ json: inout JSONText, _ name: String, _ values: [String]) {
        json.key(name)
        json.beginArray()
        for value in values { json.value(value) }
        json.endArray()
    }
}
