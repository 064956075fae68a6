import Weir

/// A stage that is made slow on purpose, so that a queue fills and the bottleneck moves. It
/// computes and does not sleep, because a stage that sleeps is not busy.
struct SlowStage: Equatable, Sendable {
    /// The maximum burn, in microseconds: a second for each element.
    static let maximum = 1_000_000

    /// Nil when no stage is slow.
    let stage: String?
    /// How long it burns for each element.
    let microseconds: Int

    /// Reads `STAGE:MICROSECONDS`, or `none`.
    ///
    /// - Throws: `Refusal`.
    init(_ text: String, stages: [String]) throws {
        if text == "none" {
            stage = nil
            microseconds = 0
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let names = stages.joined(separator: ", ")
        guard parts.count == 2, let microseconds = Int(parts[1]),
            (0...Self.maximum).contains(microseconds)
        else {
            throw Refusal(
                description: "slow=\(PrintableText.escaped(text)) is not STAGE:MICROSECONDS with "
                    + "0 to \(Self.maximum) microseconds; the stages are \(names)")
        }
        guard let stage = stages.first(where: { $0 == parts[0] }) else {
            throw Refusal(
                description: "there is no stage \(PrintableText.escaped(String(parts[0]))); "
                    + "the stages are \(names)")
        }
        self.stage = stage
        self.microseconds = microseconds
    }

    /// What a stage computes for each element besides its work.
    func burn(of stage: String) -> Burn {
        Burn(nanoseconds: stage == self.stage ? UInt64(microseconds) * 1_000 : 0)
    }

    /// Why a value cannot be used, as a sentence.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Keeps the processor busy. A stage calls it first for each element; where the stage is not
    /// slow that costs one comparison.
    struct Burn: Sendable {
        let nanoseconds: UInt64

        /// Computes for its time. The clock only says when to stop: nothing that comes out
        /// depends on it.
        func callAsFunction() {
            guard nanoseconds > 0 else { return }
            let start = TickClock.nanoseconds()
            while TickClock.nanoseconds() &- start < nanoseconds {}
        }
    }
}
