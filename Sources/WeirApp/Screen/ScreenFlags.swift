import ArgumentParser

/// The flags of every command that can show a screen, beside `--ui`.
struct ScreenFlags: ParsableArguments {
    @Flag(help: "Only ASCII in messages and screens.")
    var ascii = false

    @Option(help: "auto, always or never: colours of the screen.")
    var color = "auto"

    /// Takes the flags, and gives the screen for a checked value of `--ui`. Messages are ASCII from
    /// here on where that was asked for. `writesRows` is `ScreenLook.choose`'s.
    func screen(_ wanted: String, writesRows: Bool) throws -> RunOptions.Screen {
        let color = try OneOf.check(color, "--color", ["auto", "always", "never"])
        Output.setASCII(ascii)
        return try ScreenLook.choose(
            wanted, color: color, isASCII: ascii, writesRows: writesRows)
    }
}
