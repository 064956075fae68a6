import Synchronization
import WeirBase

/// How the values of a type are written and sampled, as it was found once at run time.
///
/// To ask a type whether it conforms to a protocol costs some hundred instructions, and a thousand
/// where the answer depends on what it is made of, as an array's does.
final class TypeForm: @unchecked Sendable {
    // Unchecked: the closures capture a type and nothing else.

    fileprivate let type: ObjectIdentifier
    /// Writes the canonical form of the value at an address; nil for a type that encodes itself
    /// into containers.
    let write: ((UnsafeRawPointer, inout ByteWriter) -> Void)?
    /// Hashes the value at an address for a sample; nil as above.
    let sample: ((UnsafeRawPointer, SampleEncoder) -> UInt64)?

    init(_ type: Any.Type) {
        self.type = ObjectIdentifier(type)
        write = (type as? any CanonicallyEncodable.Type).map { Self.writer($0) }
        sample = (type as? any SampledDirectly.Type).map { Self.sampler($0) }
    }

    private static func writer<Value: CanonicallyEncodable>(
        _ type: Value.Type
    ) -> (UnsafeRawPointer, inout ByteWriter) -> Void {
        { value, writer in
            value.assumingMemoryBound(to: Value.self).pointee.encodeCanonically(into: &writer)
        }
    }

    private static func sampler<Value: SampledDirectly>(
        _ type: Value.Type
    ) -> (UnsafeRawPointer, SampleEncoder) -> UInt64 {
        { value, encoder in
            value.assumingMemoryBound(to: Value.self).pointee.sampled(by: encoder)
        }
    }
}

/// The forms of all types that were asked for, kept for ever: a program has a bounded number of
/// them.
///
/// Any thread. A look-up costs a load and a comparison; where two types meet in one slot, the one
/// that lost it costs a lock and a dictionary.
enum TypeForms {
    private static let slotCount = 1_024
    private static let all = AllForms()
    // Safe: every slot is one atomic word, and what it points to is in `all` for ever.
    private nonisolated(unsafe) static let slots: UnsafeMutablePointer<Atomic<UInt>> = {
        let memory = UnsafeMutablePointer<UInt>.allocate(capacity: slotCount)
        memory.initialize(repeating: 0, count: slotCount)
        return UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Atomic<UInt>.self)
    }()

    /// With a lock of the system's: the thread sanitizer does not see that of `Mutex` (Swift 6.3),
    /// and would take what is done with it for a race.
    private final class AllForms: @unchecked Sendable {
        // Unchecked: `forms` is guarded by `lock`.

        private let lock = ConditionLock()
        private var forms: [ObjectIdentifier: TypeForm] = [:]

        func form(of type: Any.Type) -> TypeForm {
            lock.withLock {
                let form = forms[ObjectIdentifier(type)] ?? TypeForm(type)
                forms[ObjectIdentifier(type)] = form
                return form
            }
        }
    }

    /// How values of a type are written and sampled.
    static func form(of type: Any.Type) -> TypeForm {
        let number = UInt(bitPattern: ObjectIdentifier(type))
        let slot = slots + Int(number >> 4) & (slotCount - 1)
        if let raw = UnsafeRawPointer(bitPattern: slot.pointee.load(ordering: .acquiring)) {
            let form = Unmanaged<TypeForm>.fromOpaque(raw).takeUnretainedValue()
            if form.type == ObjectIdentifier(type) { return form }
        }
        return found(type, slot)
    }

    @inline(never)
    private static func found(
        _ type: Any.Type, _ slot: UnsafeMutablePointer<Atomic<UInt>>
    ) -> TypeForm {
        let form = all.form(of: type)
        slot.pointee.store(
            UInt(bitPattern: Unmanaged.passUnretained(form).toOpaque()), ordering: .releasing)
        return form
    }
}
