//! The prompt's history, in the user's state folder and for the user's eyes only.

use std::fs;
use std::path::{Path, PathBuf};

use rustyline::history::History;
use rustyline::{Editor, Helper};

/// Words that secrets keep company with.
const TELLTALES: [&str; 6] = ["password", "passwd", "secret", "token", "api_key", "://"];

/// `$XDG_STATE_HOME/c360/history` or `~/.local/state/c360/history`; nothing without a home.
pub fn file() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state =
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("c360").join("history"))
}

/// Whether the text may be remembered: a line that may hold a secret is not.
pub fn may_keep(text: &str) -> bool {
    let lower = text.to_lowercase();
    !text.trim().is_empty() && !TELLTALES.iter().any(|telltale| lower.contains(telltale))
}

/// Saves the history. A state folder that cannot be written is no reason to complain.
pub fn save<H: Helper, I: History>(editor: &mut Editor<H, I>, file: &Path) {
    let Some(folder) = file.parent() else { return };
    if fs::create_dir_all(folder).is_ok() && editor.save_history(file).is_ok() {
        for_the_user_only(file);
    }
}

#[cfg(unix)]
fn for_the_user_only(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(file, fs::Permissions::from_mode(0o600));
}

#[cfg(not(unix))]
fn for_the_user_only(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::may_keep;

    #[test]
    fn lines_that_may_hold_secrets_are_not_kept() {
        assert!(may_keep("SELECT count(*) FROM publish.customer360;"));
        assert!(!may_keep("SELECT 'postgres://me:pw@db';"));
        assert!(!may_keep("  "));
    }
}
