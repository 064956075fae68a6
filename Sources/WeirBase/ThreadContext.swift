import CTicks

/// One pointer for each thread, for code that has to find out in whose turn it runs.
///
/// The engine sets it around a turn, and whatever is called within, however deep, can ask. A
/// task-local would do the same for 5 to 7 ns a look.
package enum ThreadContext {
    /// What the calling thread was given; nil outside.
    package static var current: UnsafeMutableRawPointer? { weir_thread_context_get() }

    /// Gives the calling thread another context. Who sets it keeps what it points to alive.
    package static func set(_ context: UnsafeMutableRawPointer?) {
        weir_thread_context_set(context)
    }
}
