import CZstd

/// Compresses and decompresses frames of zstd; owned by one thread.
///
/// The contexts are kept between calls: making one costs more than compressing a small column.
final class Zstd {
    /// Level 1: on schedules the gain of higher levels is 7 % at nearly twice the time.
    private static let level: Int32 = 1

    private let compressor: OpaquePointer?
    private let decompressor: OpaquePointer?
    private var scratch: [UInt8] = []

    init() {
        compressor = ZSTD_createCCtx()
        decompressor = ZSTD_createDCtx()
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// One frame of `bytes`, or nil when it would not be smaller.
    func compress(_ bytes: UnsafeRawBufferPointer) -> ArraySlice<UInt8>? {
        let bound = ZSTD_compressBound(bytes.count)
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
    /// The caller has bounded `count`: so much is allocated before the frame is looked at.
    func decompress(_ frame: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
        guard count >= 0 else { return nil }
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            let done = ZSTD_decompressDCtx(
                decompressor, target.baseAddress, target.count, frame.baseAddress, frame.count)
            isWhole = ZSTD_isError(done) == 0 && done == count
            // What zstd left alone after an error must not be read as bytes of an array.
            if !isWhole { target.initialize(repeating: 0) }
            initialized = count
        }
        return isWhole ? bytes : nil
    }
}
