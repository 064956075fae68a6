package import WeirBase

/// A replayed run at one step: what the debugger tells of it and a screen shows.
///
/// The debugger makes one where it stands (`Debugger.picture`), possibly in another process, and
/// the screen draws it without knowing what it was made from. Every list in it is bounded by
/// whoever makes it. Names and texts are as they are in the run, and not yet safe to show.
package struct ReplayPicture: Codable, Equatable, Sendable {
    /// The step that was run last; 0 before the first.
    package var step: Step
    /// The last step of the run, as far as it was known when the replay was opened.
    package var lastStep: Step
    /// The run's time at the step.
    package var time: RunTime
    /// What the step was, in words.
    package var what: String
    /// The subtask whose step it was; nil before the first step and where it was nobody's.
    package var subtask: SubtaskIndex?
    /// The first failure's step; nil where nothing failed.
    package var failure: Step?
    /// Violations, failures and bookmarks at this very step, in words.
    package var incidents: [String]
    /// The recorded schedule around the step.
    package var lanes: Lanes
    /// What only running the steps can tell; nil while they are still being run.
    package var replayed: Replayed?
    package var breaks: [Break]

    package init(
        step: Step, lastStep: Step, time: RunTime, what: String, subtask: SubtaskIndex?,
        failure: Step?, incidents: [String], lanes: Lanes, replayed: Replayed?, breaks: [Break]
    ) {
        (self.step, self.lastStep, self.time) = (step, lastStep, time)
        (self.what, self.subtask, self.failure) = (what, subtask, failure)
        (self.incidents, self.lanes) = (incidents, lanes)
        (self.replayed, self.breaks) = (replayed, breaks)
    }

    /// Consecutive steps of the recorded schedule, one column each.
    package struct Lanes: Codable, Equatable, Sendable {
        /// The step of the first column.
        package var first: Step
        package var columns: [Column]
        /// In the order of the plan: all subtasks of a small plan, of a large one those whose steps
        /// are among the columns.
        package var subtasks: [Subtask]

        package init(first: Step, columns: [Column], subtasks: [Subtask]) {
            (self.first, self.columns, self.subtasks) = (first, columns, subtasks)
        }
    }

    /// A subtask with its name.
    package struct Subtask: Codable, Equatable, Sendable {
        package var index: SubtaskIndex
        package var name: String

        package init(index: SubtaskIndex, name: String) { (self.index, self.name) = (index, name) }
    }

    /// A step of the recorded schedule.
    package struct Column: Codable, Equatable, Sendable {
        package var kind: StepKind
        /// Meaningless for rest points and voids.
        package var subtask: SubtaskIndex
        /// The step at which its turn began; 0 where it belongs to none.
        package var turn: Step

        package init(kind: StepKind, subtask: SubtaskIndex, turn: Step) {
            (self.kind, self.subtask, self.turn) = (kind, subtask, turn)
        }
    }

    /// What the run was like behind the step.
    package struct Replayed: Codable, Equatable, Sendable {
        /// The queues at the ends of the step's subtask first.
        package var queues: [Queue]
        /// Queues that found no room in the list.
        package var omittedQueues: Int
        /// Cells, and the state of the step's stage, what the step changed first.
        package var states: [State]
        /// Entries that found no room in the list; whether the step changed them is not known.
        package var omittedStates: Int
        /// What could happen next, in the order of the plan.
        package var choices: [Choice]

        package init(
            queues: [Queue], omittedQueues: Int, states: [State], omittedStates: Int,
            choices: [Choice]
        ) {
            (self.queues, self.omittedQueues) = (queues, omittedQueues)
            (self.states, self.omittedStates) = (states, omittedStates)
            self.choices = choices
        }
    }

    /// A channel with messages, or at the ends of the step's subtask.
    package struct Queue: Codable, Equatable, Sendable {
        package var channel: String
        package var depth: Int
        /// What the plan allows. In a replay a message is there as soon as it was made, so that
        /// more can wait.
        package var capacity: Int
        /// Messages that were emitted and not yet published.
        package var unpublished: Int
        /// The oldest messages, as text.
        package var oldest: [String]

        package init(
            channel: String, depth: Int, capacity: Int, unpublished: Int, oldest: [String]
        ) {
            (self.channel, self.depth, self.capacity) = (channel, depth, capacity)
            (self.unpublished, self.oldest) = (unpublished, oldest)
        }
    }

    /// A piece of state before the step and behind it.
    package struct State: Codable, Equatable, Sendable {
        /// As it is typed: `cell budget`, `reserve[17]`.
        package var name: String
        /// Nil where it was not there.
        package var before: String?
        /// Nil where it is not there any more.
        package var after: String?
        /// Whether the step changed it. Texts may be cut, so that equal ones need not mean that it
        /// did not.
        package var isChanged: Bool

        package init(name: String, before: String?, after: String?, isChanged: Bool) {
            (self.name, self.before, self.after) = (name, before, after)
            self.isChanged = isChanged
        }
    }

    /// Something that could happen next.
    package struct Choice: Codable, Equatable, Sendable {
        package var subtask: String
        package var what: String
        /// Whether it is what happened next in the recorded run.
        package var isRecorded: Bool

        package init(subtask: String, what: String, isRecorded: Bool) {
            (self.subtask, self.what, self.isRecorded) = (subtask, what, isRecorded)
        }
    }

    /// A break or a watch.
    package struct Break: Codable, Equatable, Sendable {
        package var number: Int
        /// The command that would set it.
        package var text: String
        package var hits: Int

        package init(number: Int, text: String, hits: Int) {
            (self.number, self.text, self.hits) = (number, text, hits)
        }
    }
}

/// As its number, which never changes its meaning.
extension StepKind: Codable {}
