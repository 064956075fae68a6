import Glibc
import Weir

/// A file that is read by large pieces of whole lines; for the bare loops.
struct LineFile: ~Copyable {
    /// Bytes behind the lines of a piece that may be read: what simdjson asks for.
    static let paddingBytes = 64
    private static let pieceBytes = 1 << 18

    private let descriptor: Int32
    private var buffer: UnsafeMutableRawBufferPointer
    /// How many bytes there are, and how many of them are lines that were given.
    private var (filled, given) = (0, 0)

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

    /// The next whole lines, which are there until the next call; none at the end. A last line
    /// without an end gets one.
    mutating func next() throws -> UnsafeRawBufferPointer {
        guard let base = buffer.baseAddress else { return UnsafeRawBufferPointer(buffer) }
        memmove(base, base + given, filled - given)
        (filled, given) = (filled - given, 0)
        while true {
            let room = buffer.count - Self.paddingBytes - filled
            if room == 0 {
                throw ConnectorError(.operating, "a line is longer than \(Self.pieceBytes) bytes")
            }
            let count = read(descriptor, base + filled, room)
            if count < 0 { throw ConnectorError(.operating, "the input cannot be read") }
            if count == 0 {
                if filled > 0 {
                    (base + filled).storeBytes(of: 0x0A, as: UInt8.self)
                    filled += 1
                }
                given = filled
                break
            }
            filled += count
            if let end = UnsafeRawBufferPointer(buffer)[..<filled].lastIndex(of: 0x0A) {
                given = end + 1
                break
            }
        }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<given])
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
            let count = rows.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + start }, $0.count - start)
            }
            if count < 0 { throw ConnectorError(.operating, "the rows cannot be written") }
            start += count
        }
    }
}
