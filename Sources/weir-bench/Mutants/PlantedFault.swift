import ArgumentParser
import Foundation
import WeirStress

/// A planted fault: a patch that breaks one rule behind a switch, and the trial that has to see it.
///
/// A fault is one file, `Tests/Faults/NAME.patch`. Before its diff it says in words what it breaks,
/// and in a line that begins with `Trial:` how it is provoked. The diff asks
/// `Fault.isPlanted("NAME")`, and does nothing in a process that does not have the fault.
struct PlantedFault {
    let name: String
    let patch: URL
    /// What it breaks, in whole sentences.
    let rule: String
    let trial: MutantTrial

    /// The folder of the patches, from the package's top level.
    static let folder = "Tests/Faults"
    private static let trialPrefix = "Trial:"

    init(patch: URL) throws {
        let text = try String(contentsOf: patch, encoding: .utf8)
        let head = text.split(separator: "\n").prefix { !$0.hasPrefix("--- ") }
        guard let line = head.first(where: { $0.hasPrefix(Self.trialPrefix) }) else {
            throw StressFailure("\(patch.path): no line '\(Self.trialPrefix) …' before the diff")
        }
        self.patch = patch
        name = patch.deletingPathExtension().lastPathComponent
        rule = head.filter { $0 != line }.joined(separator: " ")
        let words = line.dropFirst(Self.trialPrefix.count).split(separator: " ").map(String.init)
        do {
            trial = try MutantTrial.parse(words)
        } catch {
            throw StressFailure("\(patch.path): \(MutantTrial.message(for: error))")
        }
    }

    /// All faults of a package, by name.
    static func all(in package: URL) throws -> [PlantedFault] {
        let folder = package.appending(path: folder)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".patch") }
            .map { try PlantedFault(patch: folder.appending(path: $0)) }
    }
}

/// Where the package lies that this program was built from.
enum PackageRoot {
    /// The next folder above this program, or above the current one, that has planted faults.
    static func find() throws -> URL {
        let manager = FileManager.default
        let starts = [try ChildProcess.ownPath(), manager.currentDirectoryPath + "/."]
        for start in starts {
            var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
            while folder.path != "/" {
                if manager.fileExists(atPath: folder.appending(path: PlantedFault.folder).path) {
                    return folder
                }
                folder = folder.deletingLastPathComponent()
            }
        }
        throw StressFailure("no \(PlantedFault.folder) above this program: name the --package")
    }
}
