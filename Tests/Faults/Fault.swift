import Glibc

/// The switch behind which every planted fault stands.
///
/// `weir-bench mutants` puts this file beside the sources of `WeirBase`, in a copy of the package
/// to which it applies the patches of this folder. All faults lie in one build; which of them a
/// process has is told by the environment, so that a build serves every trial.
package enum Fault {
    /// The name in `WEIR_FAULT`, as UTF-8; empty when the process has no fault.
    private static let chosen: [UInt8] = {
        guard let text = getenv("WEIR_FAULT") else { return [] }
        return UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 }
    }()

    /// Whether this process has the fault of that name. Any thread; costs a few nanoseconds, so
    /// that the windows which the trials are after stay as narrow as they are.
    package static func isPlanted(_ name: StaticString) -> Bool {
        let chosen = chosen
        return chosen.count == name.utf8CodeUnitCount
            && memcmp(chosen, name.utf8Start, chosen.count) == 0
    }
}
