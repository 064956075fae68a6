import Testing

@testable import WeirApp

/// What is kept of a process that prints for long.
@Suite struct OutputTailTests {
    @Test(arguments: [0, 1, 100, 4_095, 4_096, 65_535])
    func `the last line is kept however much was printed before it`(piece: Int) {
        var tail = OutputTail()
        for _ in 0..<100 { tail.append(Array(repeating: UInt8(ascii: "\n"), count: piece)) }
        for step in 1...3 { tail.append(Array("\(step)\n".utf8)) }
        tail.append(Array("end\n".utf8))
        #expect(tail.text.hasSuffix("\n1\n2\n3\nend\n") || piece == 0)
        #expect(tail.text.utf8.count <= AppBounds.outputTailBytes.count)
        #expect(tail.text.split(separator: "\n").suffix(2) == ["3", "end"])
    }
}

/// Whether a trace was recorded by the build that looks at it.
@Suite struct BuildIdentityTests {
    @Test func `builds that could not be read are not the same`() {
        #expect(!BuildIdentity.isSame("", ""))
        #expect(!BuildIdentity.isSame("", "00ff") && !BuildIdentity.isSame("00ff", ""))
        #expect(BuildIdentity.isSame("00ff", "00ff") && !BuildIdentity.isSame("00ff", "00fe"))
    }
}
