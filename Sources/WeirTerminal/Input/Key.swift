/// A key that was pressed.
package enum Key: Hashable, Sendable {
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
