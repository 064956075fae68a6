import Glibc
import Weir

/// A file that is read by large pieces of whole lines; for the bare loops.
struct LineFile: ~Copyable {
    /// Bytes behind the lines of a piece that may be read: what simdjson asks for.
    static let paddingBytes = 64
    /// The maximum length of a line, as a source has it.
    static let maximumLineBytes = 16 << 20
    /// What is read at once, unless a line is longer.
    private static let pieceBytes = 1 << 18

    private let descriptor: Int32
    private var buffer: UnsafeMutableRawBufferPointer
    /// How many bytes there are, and how many of them are lines that were given.
    private var (filled, given) = (0, 0)
    /// Whether the next line was longer than a source would take.
    private(set) var hasRefused = false

    init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        buffer = .allocate(byteCount: Self.pieceBytes + Self.paddingBytes, alignment: 64)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        guard descriptor >= 0 else {
            throw ConnectorError(
                .usage, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        buffer.deallocate()
    }

    /// Where the first line ends; nil where it does not.
    @inline(__always)
    static func lineEnd(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let end = memchr(base, 0x0A, bytes.count) else {
            return nil
        }
        return base.distance(to: UnsafeRawPointer(end))
    }

    /// A system call, made again as long as a signal interrupts it.
    static func repeated(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    /// The next whole lines, which are there until the next call; none at the end. A last line
    /// without an end gets one.
    ///
    /// - Throws: `MalformedLine` where the next line is longer than `maximumLineBytes`.
    mutating func next() throws -> UnsafeRawBufferPointer {
        if let base = buffer.baseAddress { memmove(base, base + given, filled - given) }
        (filled, given) = (filled - given, 0)
        while given == 0, let base = buffer.baseAddress {
            let room = buffer.count - Self.paddingBytes - filled
            // One byte is kept for the end of a last line.
            if room <= 1 {
                try grow()
                continue
            }
            // However large the buffer is: only the first line of what is read can be too long.
            let maximum = min(room - 1, Self.pieceBytes)
            let count = Self.repeated { read(descriptor, base + filled, maximum) }
            if count < 0 { throw ConnectorError(.operating, "the input cannot be read") }
            if count == 0 {
                if filled > 0 {
                    try check(filled)
                    (base + filled).storeBytes(of: 0x0A, as: UInt8.self)
                    filled += 1
                }
                given = filled
                break
            }
            let old = filled
            filled += count
            // What was there before has no end in it.
            let new = UnsafeRawBufferPointer(buffer)[old..<filled]
            if let first = new.firstIndex(of: 0x0A), let last = new.lastIndex(of: 0x0A) {
                try check(first)
                given = last + 1
            }
        }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<given])
    }

    /// Refuses a line of so many bytes that no source would take.
    private mutating func check(_ count: Int) throws {
        guard count > Self.maximumLineBytes else { return }
        hasRefused = true
        throw MalformedLine(
            "it is longer than \(Self.maximumLineBytes >> 20) MiB; it is not a line of text")
    }

    /// Makes room for twice as many bytes: those that there are belong to one line.
    private mutating func grow() throws {
        try check(filled)
        let size = 2 * (buffer.count - Self.paddingBytes) + Self.paddingBytes
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        larger.initializeMemory(as: UInt8.self, repeating: 0)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
        buffer.deallocate()
        buffer = larger
    }
}

/// The rows of a bare loop on their way into a file.
struct RowFile: ~Copyable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw ConnectorError(
                .usage, "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ rows: [UInt8]) throws {
        var start = 0
        while start < rows.count {
            let count = rows.withUnsafeBytes { bytes in
                LineFile.repeated {
                    Glibc.write(
                        descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
                }
            }
            if count < 0 { throw ConnectorError(.operating, "the rows cannot be written") }
            start += count
        }
    }
}
