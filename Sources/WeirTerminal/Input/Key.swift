/// A key that was pressed, as far as a terminal tells: it sends characters and sequences, and
/// neither releases nor most modifiers. Which bytes are which key is `KeyDecoder`'s concern.
package enum Key: Hashable, Sendable {
    /// A printable character, a scalar at a time: a letter and its combining mark are two keys.
    case character(Unicode.Scalar)
    /// Control with a letter, given in lower case.
    case control(Unicode.Scalar)
    case up, down, left, right, home, end, pageUp, pageDown, insert, delete
    case enter, tab, backTab, backspace, escape
    /// Alt with a character: an Escape and the character, sent in one piece.
    case alt(Unicode.Scalar)
    /// Text was pasted. What it was is not kept.
    case paste
    /// F1 to F12.
    case function(Int)
}
