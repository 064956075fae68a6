import Foundation
import Testing

/// The article *Using Weir in your package*, done as it says.
struct PackageTests {
    @Test func `the package of the article is built, records a run and passes its tests`() throws {
        let weir = try Weir()
        let article = try Article("UsingWeirInYourPackage")
        #expect(article.files.map(\.path).contains("Package.swift"))
        for file in article.files {
            let path = weir.scratch.file("visits/\(file.path)")
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(),
                withIntermediateDirectories: true)
            try weir.scratch.write(path, file.text.replacing("\"../weir\"", with: "\"../clone\""))
        }
        // The article has Weir beside the package; here its folder has another name, as a clone's
        // may. A build of its own keeps both apart.
        let commands = [
            "ln -s \(Weir.repository) clone", "cd visits", try article.command("record"),
            try article.command("test"),
        ]
        let outcome = try RunningProcess(
            "/bin/sh", ["-ec", commands.joined(separator: "\n")], input: "/dev/null",
            in: weir.scratch
        ).finish(within: Patience.build)
        #expect(outcome.code == 0, "\(outcome)")
        #expect(outcome.output.contains("Test run with 2 tests"), "\(outcome)")
    }
}
