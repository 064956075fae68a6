import Glibc

/// The system's clocks, for measuring and for waiting; never for a pipeline's logic.
///
/// What a run decides by time it asks of its `RunClock`, and the answer is noted. Reading one of
/// the two clocks of time costs about 20 ns; those of processor time are calls into the
/// kernel.
package enum MonotonicClock {
    /// Nanoseconds since some fixed point before the process started.
    package static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Nanoseconds of wall-clock time since 1970.
    package static func wallNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Processor nanoseconds that the calling thread has used.
    package static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Processor nanoseconds that the process has used, all threads together.
    package static func processorNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
