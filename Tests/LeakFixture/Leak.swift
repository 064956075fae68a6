import Glibc
import Synchronization

/// Something that a run cannot control, as a program might read it without thinking.
///
/// Each gives another number in a replay than in its run: whoever starts the two sees to it that
/// the environment, the file and the hashing differ.
enum Leak: String, CaseIterable, Sendable {
    case clock, random, process, address, environment, hashing, thread, counter, file

    /// The variable, and the file, that the run and its replay find different.
    static let variable = "LEAK_VALUE"
    static let fileVariable = "LEAK_FILE"

    private static let calls = Atomic<UInt64>(0)

    /// What leaks now.
    func value() -> UInt64 {
        switch self {
        case .clock: Self.nanoseconds()
        case .random: UInt64.random(in: .min ... .max)
        case .process: Self.mixed(UInt64(getpid()))
        case .address: Self.address()
        case .environment: Self.mixed(Self.number(in: Self.variable))
        case .hashing: Self.firstOfSet()
        case .thread: Self.mixed(UInt64(UInt(pthread_self())))
        case .counter: Self.mixed(Self.counted())
        case .file: Self.mixed(Self.numberInFile())
        }
    }

    /// The leak as a condition: differs for about half of all `index`.
    func bit(_ index: Int) -> Bool {
        Self.mixed(value() ^ UInt64(bitPattern: Int64(index))) & 1 == 0
    }

    /// The leak as a condition that seldom fails: where it does first hardly is the same twice.
    func holds(_ index: Int) -> Bool {
        Self.mixed(value() ^ UInt64(bitPattern: Int64(index))) & 0xFF != 0
    }

    private static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func address() -> UInt64 {
        final class Something {}
        return withExtendedLifetime(Something()) { something in
            mixed(UInt64(UInt(bitPattern: ObjectIdentifier(something).hashValue)))
        }
    }

    private static func firstOfSet() -> UInt64 {
        let words: Set = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibex", "jay"]
        return words.reduce(0) { mixed($0 ^ UInt64($1.utf8.first ?? 0)) }
    }

    /// As if the process had done other work before: it begins where the environment says.
    private static func counted() -> UInt64 {
        let call = calls.wrappingAdd(1, ordering: .relaxed).newValue
        return number(in: variable) &* 1_000_003 &+ call
    }

    private static func number(in name: String) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? 0
    }

    private static func numberInFile() -> UInt64 {
        guard let path = getenv(fileVariable) else { return 0 }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &bytes, bytes.count)
        return bytes.prefix(max(0, count)).reduce(0) { $0 &* 31 &+ UInt64($1) }
    }

    private static func mixed(_ number: UInt64) -> UInt64 {
        let product = (number &+ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(
            by: 0xBF58_476D_1CE4_E5B9)
        return product.high ^ product.low
    }
}
