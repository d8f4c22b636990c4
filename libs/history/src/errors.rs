//! Every error code of this crate: 40xx to 44xx.

use krepis_change::Code;

/// What to do about an operation that cannot be read.
pub(crate) const GIVE_UP: &str = "restore it from a backup, or give its undo up with `krepis recover --forget-damaged`; the \
                                  other operations stay usable by name";

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $exit:literal, $title:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code { id: $id, exit: $exit, title: $title };)+
        /// All of them, for the reference.
        pub const CODES: &[&Code] = &[$(&$name),+];
    };
}

codes! {
    /// Reading or writing below `.krepis/history` failed.
    HISTORY_IO = "KRP4001", 1, "the history cannot be read or written";
    /// An operation file does not hold what was written into it.
    DAMAGED = "KRP4002", 5, "an operation file is damaged";
    /// An operation file has a version this program does not know.
    NEWER_FORMAT = "KRP4003", 1, "an operation file was written by a newer krepis";
    /// No operation has that id.
    UNKNOWN_OPERATION = "KRP4004", 2, "no operation has this id";
    /// More than one operation fits the abbreviated id.
    AMBIGUOUS_OPERATION = "KRP4005", 2, "more than one operation fits this id";
    /// Nothing is left that could be taken back.
    NOTHING_TO_UNDO = "KRP4011", 1, "there is nothing to undo";
    /// Nothing was taken back, or a new change came after it.
    NOTHING_TO_REDO = "KRP4012", 1, "there is nothing to redo";
    /// The named operation is not in effect.
    ALREADY_UNDONE = "KRP4013", 1, "the operation is already undone";
    /// Files were edited since and the edits cannot be kept apart from the operation.
    UNDO_CONFLICT = "KRP4014", 3, "a file was edited since and cannot be taken back without losing the edit";
    /// `--path` names a file the operation did not touch.
    PATH_NOT_IN_OPERATION = "KRP4015", 2, "the operation did not touch this path";
    /// An operation that a later one names as the one before it has no file.
    MISSING = "KRP4016", 5, "an operation file is missing";
    /// The operation, or all that could be taken back, is older than what the history keeps.
    BEYOND_HORIZON = "KRP4017", 1, "older operations were removed by retention";
    /// `redo` of an operation none of whose files is undone.
    IN_EFFECT = "KRP4018", 1, "the operation is in effect already";
    /// A target is not what the change was made from.
    STALE = "KRP4021", 3, "a file is not what the change was made from";
    /// A file the change was planned from differs.
    STALE_READ = "KRP4022", 3, "a file that the change was planned from has changed";
    /// `.krepis` vanished while an operation was being written.
    HISTORY_GONE = "KRP4023", 1, "the history was removed while an operation was being written";
    /// The command of `--verify` did not end with 0.
    VERIFY_FAILED = "KRP4024", 1, "the command that had to confirm an operation failed";
    /// The command of `--verify` failed and its operation could not be taken back.
    NOT_ROLLED_BACK = "KRP4025", 1, "an operation that was not confirmed could not be taken back";
    /// A file is to be written where a directory or a device is.
    NOT_A_FILE = "KRP4031", 2, "the target of a change is not a file";
    /// A parent of a target is a symbolic link.
    SYMLINKED_PARENT = "KRP4032", 2, "the way to the target leads through a symbolic link";
    /// A parent of a target is a file.
    PARENT_IS_FILE = "KRP4033", 2, "the way to the target leads through a file";
    /// Permissions or a read-only disk forbid the write.
    NOT_WRITABLE = "KRP4034", 1, "the workspace cannot be written";
    /// The disk or the quota is full.
    NO_SPACE = "KRP4035", 1, "no space is left on the disk";
    /// Any other failed write.
    WRITE_FAILED = "KRP4036", 1, "a file cannot be written";
    /// Another program wrote a target while the operation ran.
    DISTURBED = "KRP4037", 3, "a file was changed by another program during the operation";
    /// An interrupted operation left a state that is neither before nor after.
    NEEDS_DECISION = "KRP4041", 3, "an interrupted operation needs a decision";
    /// `krepis recover` with no interrupted operation.
    NOTHING_TO_RECOVER = "KRP4042", 1, "there is nothing to recover";
    /// `krepis recover --forget-damaged` with nothing damaged.
    NOTHING_DAMAGED = "KRP4043", 1, "no operation file is damaged or missing";
    /// Another program's observed operation is under way.
    OWNER_BUSY = "KRP4051", 75, "another program is changing the workspace";
    /// An observed operation of that id does not exist or is completed.
    NOT_OBSERVED = "KRP4052", 2, "the operation is not an open observed operation";
    /// `krepis exec` was given a command that is not there.
    COMMAND_NOT_FOUND = "KRP4060", 127, "the command to run is not found";
    /// `krepis exec` was given a file that cannot be run.
    COMMAND_NOT_RUN = "KRP4061", 126, "the command cannot be run";
    /// The files could not be saved before a foreign command.
    BASE_NOT_FILLED = "KRP4062", 1, "the files cannot be saved before a foreign command, so it was not run";
    /// A file below `.krepis/history/base` is not what was written.
    BASE_DAMAGED = "KRP4063", 5, "what was saved before a foreign command is damaged";
    /// A pattern of what a foreign command's undo covers.
    BAD_PATTERN = "KRP4064", 2, "a pattern of covered files cannot be read";
    /// A foreign command ran, and what it changed is not recorded yet.
    NOT_RECORDED = "KRP4065", 1, "a foreign command ran and its changes are not recorded yet";
    /// The operation changed no file, only what undo does not reach.
    NOTHING_RESTORABLE = "KRP4066", 1, "the operation changed nothing that undo can restore";
}

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn codes_are_unique_and_in_the_range_of_this_crate() {
        let mut ids: Vec<&str> = CODES.iter().map(|code| code.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CODES.len());
        assert!(ids.iter().all(|id| ("KRP4000".."KRP4500").contains(id)));
    }
}
