import Testing
import WeirBase

@testable import WeirEngine

/// The hash of a state, part by part, and its short form for a rest point's note.
@Suite struct StateDigestTests {
    @Test(arguments: [1, 2, 63, 64, 65, 100, 128, 1_000])
    func `each part lies in one marker, and there are no more than 64`(parts: Int) {
        let markers = StateDigest.markerCount(parts: parts)
        #expect(markers == min(parts, 64))
        let covered = (0..<markers).flatMap { StateDigest.parts(ofMarker: $0, among: parts) }
        #expect(covered == Array(0..<parts))
    }

    @Test func `parts that differ are told by their markers, with their neighbours`() {
        let before = StateDigest(subtasks: (0..<100).map { $0 }, cells: (100..<128).map { $0 })
        let noted = before.markers.map { UInt64($0) }
        #expect(before.parts(differingFrom: noted) == [])
        let after = StateDigest(
            subtasks: (0..<100).map { $0 == 37 ? 1_000 : $0 }, cells: (100..<128).map { $0 })
        // 128 parts have 64 markers, of two parts each.
        #expect(after.parts(differingFrom: noted) == [36, 37])
    }

    @Test func `against markers of another plan every part may differ`() {
        let digest = StateDigest(subtasks: [1, 2], cells: [3])
        #expect(digest.parts(differingFrom: [1, 2]) == [0, 1, 2])
    }

    @Test func `the whole is another where a part changes or two change places`() {
        let wholes = [
            StateDigest(subtasks: [1, 2], cells: [3]), StateDigest(subtasks: [1, 2], cells: [4]),
            StateDigest(subtasks: [2, 1], cells: [3]), StateDigest(subtasks: [1, 2], cells: []),
        ].map(\.whole)
        #expect(Set(wholes).count == 4)
    }
}
