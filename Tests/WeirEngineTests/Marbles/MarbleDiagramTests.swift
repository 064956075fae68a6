import Testing
import WeirBase

@testable import WeirEngine

@Suite struct MarbleDiagramTests {
    @Test(arguments: [
        "", "|", "a", "--a-(bc)-W|", "~--^a-!", "(^aW)---(bcW|)", "W-----W",
    ])
    func `a diagram that was read is drawn as it was`(text: String) {
        #expect(MarbleDiagram(text).description == text)
    }

    @Test func `a group lies in the frame in which it begins and takes a frame a character`() {
        let frames = MarbleDiagram("-(ab)c").frames
        #expect(
            frames == [
                [], [.element("a", at: .second(1)), .element("b", at: .second(1))], [], [], [],
                [.element("c", at: .second(5))],
            ])
    }

    @Test func `what a character does not say stands below the diagram`() {
        var diagram = MarbleDiagram()
        diagram.add(.element("long", at: .second(1)), frame: 1)
        diagram.add(.element("x", at: .second(0)), frame: 2)
        diagram.add(.watermark(.second(2)), frame: 3)
        #expect(
            diagram.description == """
                -ABC
                    A = long at 1970-01-01T00:00:01.000000000Z
                    B = x at 1970-01-01T00:00:00.000000000Z
                    C = the watermark 1970-01-01T00:00:02.000000000Z
                """)
    }

    @Test func `a case that fails prints what was expected and what came out`() throws {
        let run = try MarbleRun("a-b|") { $0.filter { $0 == "a" } }
        withKnownIssue {
            run.expect("a-b|")
        } matching: { issue in
            issue.comments.map(\.rawValue).joined() == """
                of
                  a-b|
                was expected
                  a-b|
                and came out
                  a--|
                """
        }
    }

    @Test func `an operator that forgets its state shows when it is saved and taken in`() throws {
        let run = try MarbleRun(["a-b|"]) { _, streams in
            streams[0].adding(nil, "forgetful", to: String.self) { context in
                Forgetful(context.name).link()
            }
        }
        withKnownIssue {
            run.expect("1-2|")
        } matching: { issue in
            issue.comments.map(\.rawValue).joined().contains("saved and restored in each frame")
        }
    }
}

/// Counts elements, and says of itself that it keeps nothing.
private final class Forgetful: KeepsNothing {
    private var count = 0
    private let made = OutputRoom<String>()
    let partName: String

    init(_ name: String) { partName = name }

    func link() -> Link {
        Link(name: partName, state: self) { [self] slice, frame, _ in
            let taken = slice.count
            let done = slice.consume(as: String.self, frame) { _, time in
                count += 1
                made.buffer.pointee.append("\(count)", time: time, frame)
            }
            frame.pointee.handled(done, of: taken)
            made.buffer.pointee.flush(frame)
        }
    }

    func pass(_ control: Control, _ frame: UnsafeMutablePointer<Frame>) {}
}
