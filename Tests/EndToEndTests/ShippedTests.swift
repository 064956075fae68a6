import Foundation
import Testing

/// What ships beside the sources: captured traces and the README's example.
struct ShippedTests {
    @Test func `every trace in traces replays to the digest its README names`() throws {
        let folder = Weir.repository + "/traces"
        let names =
            (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(".mcap") }.sorted()
        let weir = try Weir()
        for name in names {
            let path = folder + "/" + name
            let readme = URL(fileURLWithPath: path).deletingLastPathComponent().path + "/README.md"
            let text = try weir.scratch.text(readme)
            let file = URL(fileURLWithPath: path).lastPathComponent
            let line = try #require(
                text.split(separator: "\n").first { $0.contains(file) }, "\(readme): no \(file)")
            let replay = try weir("replay", path, "--verify")
            #expect(replay.code == 0, "\(name): \(replay)")
            let match = try #require(
                replay.output.firstMatch(of: /steps (\d+), digest ([0-9a-f]{16})/), "\(replay)")
            #expect(line.contains(match.1) && line.contains(match.2), "\(name): \(replay)")
        }
    }

    @Test func `the example in the README's section A pipeline compiles`() throws {
        let weir = try Weir()
        let readme = try weir.scratch.text(Weir.repository + "/README.md")
        let section = try #require(readme.range(of: "\n## A pipeline\n"))
        let rest = readme[section.upperBound...]
        let end = rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex
        let code = try #require(rest[..<end].firstMatch(of: /```swift\n(?<code>(?s:.*?))```/))
        try weir.scratch.write("Example.swift", String(code.code))
        let modules = URL(fileURLWithPath: Weir.binary).deletingLastPathComponent().path
        // Modules in C are found by their maps, built ones and those of checked-out packages.
        let outcome = try weir.shell(
            """
            maps=""
            for map in \(modules)/*.build/module.modulemap \
                \(modules)/../../checkouts/*/Sources/*/include/module.modulemap; do
                [ -f "$map" ] && maps="$maps -Xcc -fmodule-map-file=$map"
            done
            swiftc -typecheck -parse-as-library -swift-version 6 -I \(modules)/Modules \
                -I \(Weir.repository)/Sources/CZstd $maps Example.swift
            """)
        #expect(outcome.code == 0, "\(outcome)")
    }
}
