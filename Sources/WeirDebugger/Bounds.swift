/// The bounds of the debugger: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. How many lines a command shows when it is not told stands beside the command,
/// and so does how a search widens (`ContinueCommand`).
enum DebuggerBounds {
    // MARK: What a session keeps

    /// The maximum number of steps that can be named. A further name is refused.
    static let maximumBookmarks = 1_000

    /// The maximum number of steps to go back to that are kept; the oldest one goes.
    static let maximumKeptPositions = 1_000

    /// The maximum number of breaks; a further one is refused. Each of them is looked at on the way
    /// of every search.
    static let maximumBreaks = 100

    // MARK: Commands

    /// The maximum number of characters of a command. A longer line is refused before anything of
    /// it is read, which bounds everything that reads it.
    static let maximumCommandLength = 4_096

    /// How deeply parentheses and `not` may be nested. Each level takes some of the stack.
    static let maximumNesting = 64

    /// The maximum number of accesses that `history` shows at once.
    static let maximumHistoryLines = 1_000

    /// The maximum number of lines that `logs` shows at once.
    static let maximumLogLines = 10_000

    /// How many entries of each stage are listed when all stages are; the others are counted.
    static let maximumStatesOfEach = 5

    /// How many entries are listed of a stage that is asked for alone; the others are counted.
    static let maximumStatesOfOne = 1_000

    /// The maximum number of subtasks whose watermarks are listed; the others are counted.
    static let maximumListedSubtasks = 1_000

    /// The maximum number of states, and of channels, whose values a failed assertion tells.
    static let maximumOperands = 8

    /// The maximum number of messages of a queue that are shown.
    static let maximumShownMessages = 20

    /// The maximum number of keys of one stage that the prompt offers.
    static let maximumOfferedKeys = 50

    // MARK: A picture for a screen

    /// A movement of more steps than this may take long enough to be announced.
    static let longWay = 256

    /// The maximum number of steps around the present one: as many as the widest screen has cells.
    static let maximumPictureColumns = 512

    /// A plan of more subtasks than this has lanes for those alone that do something.
    static let maximumPictureLanes = 32

    /// The maximum number of queues. Those at the step's own subtask come first.
    static let maximumPictureQueues = 48

    /// The maximum number of waiting messages that are given of each queue.
    static let maximumPictureMessages = 4

    /// The maximum number of pieces of state. Those that the step changed come first.
    static let maximumPictureStates = 64

    /// How many entries of the subtask's state are compared with those before the step.
    static let maximumComparedStates = 512

    /// The maximum number of turns that could be next.
    static let maximumPictureChoices = 64

    /// The maximum number of characters of a value or a message in it.
    static let maximumPictureText = 240

    // MARK: What a mistaken name is answered with

    /// How many entries of a stage are named to whoever names one that it does not have.
    static let maximumNamedStates = 5

    /// How many fields of a value are looked at for their names.
    static let maximumLookedFields = 40

    /// How many fields of a value are named to whoever names one that it does not have.
    static let maximumNamedFields = 12

    /// How many of the states that a name may mean are named.
    static let maximumNamedMeanings = 4

    // MARK: Values

    /// The maximum number of characters of a value that are shown.
    static let maximumValueText = 2_000

    /// A value within so many others is left out, which also ends a chain of objects that is a
    /// circle.
    static let maximumValueDepth = 8

    /// The maximum number of parts of one value that are compared. Comparing all of a larger one at
    /// every step would take longer than anybody waits.
    static let maximumComparedParts = 100_000

    /// The maximum number of entries of a dictionary or a set that are put into order. Of a larger
    /// one only the number of entries is written.
    static let maximumOrderedEntries = 100_000

    /// The maximum number of parts of one value that are shown, and compared in an expression.
    static let maximumShownParts = 2_000

    // MARK: Text, in characters

    /// The maximum length of a word that nothing is called.
    static let maximumShownWord = 40

    /// The maximum length of the name of a state or of a type in an advice.
    static let maximumShownName = 60

    /// The maximum length of a value that stands in an advice.
    static let maximumGlance = 80

    /// The maximum length of a cell of a table, unless its command gives another.
    static let maximumCellText = 120

    /// The maximum length of a line of a list of states.
    static let maximumStateLine = 160

    /// The maximum length of a value that stands among others.
    static let maximumPartText = 200

    /// The maximum length of what stands on a line of its own: an expression, a message, a value.
    static let maximumLineText = 400

    /// The maximum length of the text of a line of the log.
    static let maximumLogText = 1_000

    /// The maximum length of an error, and of its advice.
    static let maximumErrorText = 2_000
}
