import WeirBase

/// The bounds of the command line: what may wait, be kept or be asked for, and what happens there.
///
/// A figure stands here when it bounds what a run or a reader may take of memory, of a file or of
/// somebody's time. What a user sets has its usual value beside its flag or its option.
enum AppBounds {
    // MARK: Recording

    /// Input files up to this size are taken into the trace whole: a replay then needs nothing but
    /// the trace. Larger ones are named with a hash of each block, and have to lie where they were.
    static let embeddedFileBytes = ByteCount.mebibytes(4)

    /// Where recording stops by itself when a run has no end in sight: otherwise a run that nobody
    /// watches would fill the disk. `--keep` sets another bound.
    static let unwatchedTraceBytes: ByteCount = 256_000_000

    /// The room of each worker's lane for records of the log. When the recorder is that far behind,
    /// records are dropped and counted.
    static let logLaneBytes = ByteCount.mebibytes(1)

    /// The maximum that all automatic traces of a folder may take together; the oldest ones go.
    /// Traces of runs that record still, or died, do not count.
    static let maximumFolderBytes: ByteCount = 1_000_000_000

    // MARK: Sampling a run

    /// About how many entries a sample holds at most, so that neither its size nor the time that it
    /// takes grows with the plan. What changed beyond them comes in the next samples.
    static let maximumSampleEntries = 4_096

    /// The latencies of a subtask are told at most this often, because they are longer than
    /// everything else of it together. It is a little less than a second: a sample that comes early
    /// still tells them.
    static let latencyTime = RunTime.milliseconds(950)

    /// How far apart samples are, in nanoseconds: ten a second. A screen is read at that pace at
    /// most, and rates over a second rest on ten of them.
    static let sampleNanoseconds: UInt64 = 100_000_000

    /// After so many samples in a row that tell nothing new, two seconds of them, rates have fallen
    /// to zero wherever they are shown, and the sampler rests.
    static let samplesUntilRest = 20

    /// How far apart samples are at rest, in nanoseconds. What happens ends the rest.
    static let restingSampleNanoseconds: UInt64 = 1_000_000_000

    /// A sample waits at least this many times as long as the last one took. So sampling takes at
    /// most a twentieth of a core, also of a run in which thousands of subtasks are busy.
    static let sampleSpacing: UInt64 = 20

    /// How far apart lines of `--ui plain` are, in nanoseconds: a second, less what a sample may
    /// come too early.
    static let lineNanoseconds: UInt64 = 950_000_000

    // MARK: The end of a run, in nanoseconds

    /// How long a drain may go on without any progress, unless `--drain` says otherwise: long
    /// enough for the pauses of a healthy run, and short enough for a person to wait.
    static let drainNanoseconds: UInt64 = 10_000_000_000

    /// How long open turns may take after the run was told to stop. Whoever asked twice does not
    /// want to wait.
    static let graceNanoseconds: UInt64 = 200_000_000

    /// How long closing the trace may take, before the process ends without that.
    static let closingNanoseconds: UInt64 = 10_000_000_000

    /// How often a run that is ending is looked at.
    static let endingLookNanoseconds = 50_000_000

    /// How often a run is looked at that nobody has told to end, for whether its input has ended: a
    /// drain may last ten times as long before it is called a hang.
    static let runningLookNanoseconds = 1_000_000_000

    /// A call that has gone on for this long is named when the run is asked to end: a person who
    /// waits for a drain wants to know for whom.
    static let longCallNanoseconds: UInt64 = 1_000_000_000

    /// A write that has gone on for this long waits for whoever reads.
    static let heldWriteNanoseconds: UInt64 = 500_000_000

    /// How long a cut-off may take before the process ends without it. With the signal and the
    /// summary that is under a second from the request.
    static let cutNanoseconds: UInt64 = 700_000_000

    /// How long the recorder may take at a cut-off to write what it has. It is a part of
    /// `cutNanoseconds`, and the disk may be what hangs.
    static let flushNanoseconds: UInt64 = 200_000_000

    /// A call or a write is named as hanging when it has gone on for this long. A turn usually
    /// takes less than a thousandth of that.
    static let hangNanoseconds: UInt64 = 100_000_000

    // MARK: Turns that were in flight when their run died

    /// How long a turn may take, in seconds, unless the hidden flag says otherwise.
    static let turnSeconds = 20

    /// The maximum of seconds that the hidden flag can give them: a day.
    static let maximumTurnSeconds = 86_400

    /// The child shows that it gets on once in this many steps, because the way to the turns may be
    /// long and silence counts as hanging.
    static let stepsBetweenSigns: UInt64 = 1 << 14

    /// The maximum that is kept of what their process prints; what was printed long before gives
    /// way.
    static let outputTailBytes = ByteCount.kibibytes(64)

    // MARK: The screen

    /// The maximum number of samples that wait for the screen. Of more the oldest are dropped: six
    /// seconds of them are more than a screen that is not held up ever finds.
    static let maximumWaitingSamples = 64

    /// Lines of the log that wait for a screen that is held up; further ones are counted, and are
    /// in the trace.
    static let maximumWaitingLines = 8_192

    /// The maximum number of notices that wait for the screen. Of more the newest are dropped and
    /// counted, because the first ones tell the cause.
    static let maximumWaitingNotices = 256

    /// The same for violations, which come on top of the other notices.
    static let maximumWaitingViolations = 64

    /// How often the screen of a run of this process looks by itself, in nanoseconds. It is woken
    /// for each sample, so that this is only for what wakes nobody.
    static let ownPollNanoseconds: UInt64 = 500_000_000

    /// How often the file of another run is looked at, in nanoseconds. The run samples at this
    /// pace.
    static let tracePollNanoseconds: UInt64 = 100_000_000

    /// Reading what was recorded before goes on in pieces of this length, in nanoseconds, so that
    /// keys are heard: a fortieth of a second is not felt.
    static let readingNanoseconds: UInt64 = 25_000_000

    /// How often the folder is looked at for a newer trace, in nanoseconds. Nobody starts runs
    /// faster.
    static let folderNanoseconds: UInt64 = 500_000_000

    /// The maximum number of traces of the folder that are opened in one look; the others get their
    /// turn in the next. So they do however many files can never be opened: those that waited
    /// longest come first.
    static let maximumOpenedTraces = 16

    /// Frames come no closer than this, in nanoseconds, except after a key: twenty a second, and
    /// nobody reads faster.
    static let frameNanoseconds: UInt64 = 50_000_000

    /// While the window is being dragged, frames come no closer than this, because each of them
    /// paints every cell.
    static let resizeNanoseconds: UInt64 = 150_000_000

    /// The clock and the age on the screen move on this often when nothing else comes: they show
    /// seconds and their tenths.
    static let idleNanoseconds: UInt64 = 500_000_000

    /// A screen that is to end and does not for this long, in nanoseconds, is held up by its
    /// terminal: one that was stopped with Ctrl-S, or a link that takes nothing.
    static let terminalNanoseconds: UInt64 = 300_000_000

    /// Whoever waits for the screen's end looks this often whether a signal came, in nanoseconds.
    static let signalLookNanoseconds: UInt64 = 50_000_000

    // MARK: The replay of a screen

    /// How much a replay gives way to the run that is watched, in the system's steps of niceness.
    static let replayNiceness: Int32 = 10

    /// How long a replay's process that was told to end may take before it is killed, in
    /// nanoseconds.
    static let replayEndNanoseconds: UInt64 = 2_000_000_000

    /// The maximum length of a line between a screen and its replay. A picture takes some tens of
    /// thousand bytes; a process that writes more than this is taken for broken and ended.
    static let maximumWireLineBytes = ByteCount.mebibytes(8)

    /// The maximum number of lines of an answer that a screen is given.
    static let maximumAnswerLines = 2_000

    // MARK: The debugger and other commands

    /// The maximum length of a line of a script. Longer ones are refused by the debugger, and are
    /// not gathered either.
    static let maximumScriptLineBytes = ByteCount.kibibytes(64)

    /// Who waits for a script's next line looks this often whether the wait was given up, in
    /// milliseconds.
    static let scriptPollMilliseconds: Int32 = 50

    /// How long a command may take to notice that the process is to end, in nanoseconds.
    static let interruptNanoseconds: UInt64 = 2_000_000_000

    /// Nothing is said of a movement of the debugger for this long, in nanoseconds: most are over
    /// by then.
    static let silenceNanoseconds: UInt64 = 1_000_000_000

    /// How often it is said anew how far a movement has come, in nanoseconds.
    static let progressNanoseconds: UInt64 = 200_000_000

    /// The same for a replay as a whole.
    static let replayProgressNanoseconds: UInt64 = 250_000_000

    /// How often `export --follow` looks at the trace, in nanoseconds.
    static let followNanoseconds: UInt64 = 50_000_000

    /// The maximum number of violations that only the replay found and that are named one by one.
    static let maximumNamedViolations = 5

    /// The maximum number of subtasks, and of parts of the state, that a difference names for a
    /// person; the others are counted.
    static let maximumDifferingNames = 20

    // MARK: Text, in characters

    /// The maximum length of the beginning of a line that could not be read, as a summary shows it.
    static let maximumUnreadText = 120

    /// The maximum length of a command of the debugger, where a message repeats it.
    static let maximumCommandText = 300

    /// The maximum length of what the reader of flags says of a mistake.
    static let maximumUsageText = 600

    /// The maximum length of an error or a note.
    static let maximumMessageText = 4_000
}
