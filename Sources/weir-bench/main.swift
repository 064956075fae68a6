import Glibc
import WeirBase
import WeirTesting

let count = CommandLine.arguments.count > 1 ? UInt64(CommandLine.arguments[1]) ?? 10 : 10
let first = CommandLine.arguments.count > 2 ? UInt64(CommandLine.arguments[2]) ?? 0 : 0
#if WEIR_PROBES
    Probe.configure(seed: first, permille: 200)
#endif
var failures = 0
for seed in first..<first + count {
    let outcome = StressPipeline(seed: seed).check()
    if let problem = outcome.problem {
        failures += 1
        print("seed \(seed): \(problem)")
    }
    if count <= 20 { print(seed, outcome) }
}
print("\(count) runs, \(failures) failures")
