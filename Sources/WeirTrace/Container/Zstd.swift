import CZstd

/// Compresses and decompresses frames of zstd. Owned by one thread.
///
/// Chunks and columns are packed with it. A context of zstd is kept between calls, as making one
/// costs more than compressing a small column.
final class Zstd {
    /// Level 1. On schedules higher levels gain 7 % of the bytes at nearly twice the time.
    private static let level: Int32 = 1

    /// zstd's own memory for packing.
    private let compressor: OpaquePointer?
    /// zstd's own memory for unpacking.
    private let decompressor: OpaquePointer?
    /// Where frames are packed into, kept for its room. `compress` hands out a part of it.
    private var scratch: [UInt8] = []

    init() {
        compressor = ZSTD_createCCtx()
        decompressor = ZSTD_createDCtx()
        // Without its memory zstd would write through a null pointer at the first frame.
        precondition(
            compressor != nil && decompressor != nil, "there is no memory for zstd's contexts")
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// One frame of `bytes`; nil when it would not be smaller, or when zstd fails.
    ///
    /// The caller then stores the bytes as they are, which every reader here understands. Use
    /// the slice before the next call, so that the buffer need not be copied.
    func compress(_ bytes: UnsafeRawBufferPointer) -> ArraySlice<UInt8>? {
        let bound = ZSTD_compressBound(bytes.count)
        assert(
            bound > bytes.count,
            "zstd wants room for \(bound) bytes, where \(bytes.count) as they are would need more")
        if scratch.count < bound { scratch = [UInt8](repeating: 0, count: bound) }
        let count = scratch.withUnsafeMutableBytes { target in
            ZSTD_compressCCtx(
                compressor, target.baseAddress, target.count, bytes.baseAddress, bytes.count,
                Self.level)
        }
        if ZSTD_isError(count) != 0 || count >= bytes.count { return nil }
        return scratch[0..<count]
    }

    /// The bytes of a frame that must hold exactly `count`; nil when it does not.
    ///
    /// The caller has bounded `count`, as so much is allocated before the frame is looked at.
    func decompress(_ frame: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
        guard count >= 0 else { return nil }
        // Chunks and sets of columns have one bound, and both callers compare before they ask.
        assert(
            count <= Mcap.maximumChunk,
            "a frame of \(count) bytes, which its caller did not hold against its bound")
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            let done = ZSTD_decompressDCtx(
                decompressor, target.baseAddress, target.count, frame.baseAddress, frame.count)
            isWhole = ZSTD_isError(done) == 0 && done == count
            // After an error zstd may have left a part of the buffer alone, and memory that
            // nobody has initialised must not become bytes of an array.
            if !isWhole { target.initialize(repeating: 0) }
            initialized = count
        }
        return isWhole ? bytes : nil
    }
}
