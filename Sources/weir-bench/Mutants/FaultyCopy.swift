import Foundation
import WeirStress

/// A copy of the package in which every planted fault lies behind its switch.
///
/// Building takes minutes, so that all faults are in one build. The copy is made anew beside the
/// one of the last call and then laid over it, file by file where something differs: what did not
/// change keeps its time of change, and is not compiled again.
struct FaultyCopy {
    /// The package that is copied.
    let package: URL
    /// Where the copy and its build lie.
    let folder: URL

    private var tree: URL { folder.appending(path: "tree") }
    private var fresh: URL { folder.appending(path: "fresh") }
    private var scratch: URL { folder.appending(path: "build") }

    /// What the switch is called in the package and in the copy.
    private static let fault = (from: PlantedFault.folder + "/Fault.swift", to: "Sources/WeirBase")
    /// What a build needs. The resolved versions may be missing: then they are resolved again.
    private static let parts = ["Package.swift", "Package.resolved", "Sources", "Tests"]

    /// Copies the package and plants the faults in the copy.
    func plant(_ faults: [PlantedFault]) throws {
        let manager = FileManager.default
        try? manager.removeItem(at: fresh)
        try manager.createDirectory(at: fresh, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: fresh) }
        for part in Self.parts {
            let source = package.appending(path: part)
            guard manager.fileExists(atPath: source.path) else { continue }
            try manager.copyItem(at: source, to: fresh.appending(path: part))
        }
        try manager.copyItem(
            at: package.appending(path: Self.fault.from),
            to: fresh.appending(path: Self.fault.to).appending(path: "Fault.swift"))
        for fault in faults { try apply(fault) }
        try layOver()
    }

    /// Applies one patch to the fresh copy.
    private func apply(_ fault: PlantedFault) throws {
        // No repository: below one, git takes paths from its top level and passes over all others.
        let git = try ChildProcess(
            ["-C", fresh.path, "apply", fault.patch.path], program: "git",
            environment: [
                "GIT_CEILING_DIRECTORIES": folder.path, "GIT_DIR": nil, "GIT_WORK_TREE": nil,
                "GIT_INDEX_FILE": nil,
            ], errors: .withOutput)
        let (status, output) = try git.end()
        guard status == 0 else {
            throw StressFailure(
                "\(fault.patch.path) does not apply any more; make it again for the code as it "
                    + "is now:\n\(output)")
        }
    }

    /// Makes the copy what the fresh one is, and touches nothing that is so already.
    private func layOver() throws {
        let manager = FileManager.default
        try manager.createDirectory(at: tree, withIntermediateDirectories: true)
        let wanted = try files(below: fresh)
        for path in try files(below: tree) where !wanted.contains(path) {
            try manager.removeItem(at: tree.appending(path: path))
        }
        for path in wanted.sorted() {
            let (from, to) = (fresh.appending(path: path), tree.appending(path: path))
            if manager.contentsEqual(atPath: from.path, andPath: to.path) { continue }
            try? manager.removeItem(at: to)
            try manager.createDirectory(
                at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
            try manager.moveItem(at: from, to: to)
        }
    }

    private func files(below folder: URL) throws -> Set<String> {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return Set(
            paths.filter { path in
                var isFolder: ObjCBool = false
                let full = folder.appending(path: path).path
                return FileManager.default.fileExists(atPath: full, isDirectory: &isFolder)
                    && !isFolder.boolValue
            })
    }

    /// Builds the copy's `weir-bench`, with yields; gives its path.
    func build() throws -> String {
        let swift = try ChildProcess(
            [
                "build", "-c", "release", "--traits", "Probes", "--product", "weir-bench",
                "--package-path", tree.path, "--scratch-path", scratch.path,
            ], program: "swift", errors: .withOutput)
        let (status, output) = try swift.end { Progress.show($0) }
        Progress.end()
        guard status == 0 else {
            throw StressFailure("the copy with the planted faults does not build:\n\(output)")
        }
        return scratch.appending(path: "release/weir-bench").path
    }
}
