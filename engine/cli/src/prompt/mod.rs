//! The SQL prompt: statements end with `;`, lines that begin with `\` are for the prompt itself.
//! History is kept in the user's state folder and completion knows keywords, tables and columns.

mod completion;
mod history;

use c360_flow::{Clock, Engine, ReadAt};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context as Line, Editor, Helper, Highlighter, Hinter};

use self::completion::Vocabulary;
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt;
use crate::rows::Output;

const HELP: &str = "\
statements end with ;   Tab completes   Ctrl-C stops a statement   Ctrl-D leaves
  \\d         tables
  \\d TABLE   columns of a table
  \\q         leave";

/// What is asked for at the prompt.
#[derive(Debug, PartialEq, Eq)]
enum Request<'a> {
    Nothing,
    Leave,
    Help,
    Tables,
    Columns(&'a str),
    Statement(&'a str),
    Unknown(&'a str),
}

/// Answers statements until the user leaves.
pub async fn open(
    engine: &Engine,
    at: &ReadAt,
    clock: &Clock,
    output: &Output,
    console: &Console,
) -> Result<(), Failure> {
    let vocabulary = Vocabulary::of(engine).await?;
    let mut editor = editor(vocabulary)?;
    let history = history::file();
    if let Some(file) = &history {
        // the first prompt has no history yet
        let _ = editor.load_history(file);
    }
    console.note(&format!(
        "c360 sql, project {}; \\? helps",
        engine.project().settings.name
    ));
    loop {
        let text = match tokio::task::block_in_place(|| editor.readline("c360> ")) {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => {
                return Err(Failure::unavailable("the prompt cannot be read").caused_by(&error));
            }
        };
        if history::may_keep(&text) {
            let _ = editor.add_history_entry(text.as_str());
        }
        let vocabulary = editor.helper().map(|helper| &helper.vocabulary);
        match request(&text) {
            Request::Leave => break,
            Request::Nothing => {}
            Request::Help => console.note(HELP),
            Request::Tables => {
                console.note(&vocabulary.map_or_else(String::new, Vocabulary::tables))
            }
            Request::Columns(table) => {
                console.note(&vocabulary.map_or_else(String::new, |words| words.columns(table)));
            }
            Request::Unknown(command) => console.note(&format!("no command {command}; \\? helps")),
            Request::Statement(statement) => {
                answer(engine, statement, at, clock, output, console).await?
            }
        }
    }
    if let Some(file) = &history {
        history::save(&mut editor, file);
    }
    Ok(())
}

/// Answers one statement. What is wrong with it is said, and the prompt goes on.
async fn answer(
    engine: &Engine,
    statement: &str,
    at: &ReadAt,
    clock: &Clock,
    output: &Output,
    console: &Console,
) -> Result<(), Failure> {
    let work = async {
        let rows = engine.query(statement, at, clock).await?;
        output.write(rows, console).await
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = interrupt::pressed() => Err(Failure::Interrupted),
    };
    match outcome {
        Err(Failure::Error(report)) => console.error(&report),
        Err(Failure::Interrupted) => console.note("stopped"),
        Err(failure @ (Failure::ReaderGone | Failure::WorkToDo | Failure::Told(_))) => {
            return Err(failure);
        }
        Ok(()) => {}
    }
    Ok(())
}

fn request(text: &str) -> Request<'_> {
    let text = text.trim().trim_end_matches(';').trim_end();
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (None, _) => Request::Nothing,
        (Some("\\q" | "quit" | "exit"), None) => Request::Leave,
        (Some("\\?" | "help"), None) => Request::Help,
        (Some("\\d"), None) => Request::Tables,
        (Some("\\d"), Some(table)) => Request::Columns(table),
        (Some(command), _) if command.starts_with('\\') => Request::Unknown(command),
        _ => Request::Statement(text),
    }
}

/// Whether the text can be acted upon, or more lines are to come.
fn is_complete(text: &str) -> bool {
    let text = text.trim();
    !matches!(request(text), Request::Statement(_)) || text.ends_with(';')
}

fn editor(vocabulary: Vocabulary) -> Result<Editor<Assistant, DefaultHistory>, Failure> {
    let config = Config::builder()
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config)
        .map_err(|error| Failure::unavailable("the prompt cannot be opened").caused_by(&error))?;
    editor.set_helper(Some(Assistant { vocabulary }));
    Ok(editor)
}

#[derive(Helper, Hinter, Highlighter)]
struct Assistant {
    vocabulary: Vocabulary,
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Line<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.vocabulary.complete(line, at))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        Ok(if is_complete(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_goes_on_until_its_semicolon() {
        assert!(!is_complete("SELECT 1"));
        assert!(is_complete("SELECT\n  1;"));
        assert!(is_complete("\\d publish.customer360"));
        assert!(is_complete("exit"));
        assert!(is_complete(""));
    }

    #[test]
    fn requests_are_told_apart() {
        assert_eq!(request("  SELECT 1 ; "), Request::Statement("SELECT 1"));
        assert_eq!(request("\\d"), Request::Tables);
        assert_eq!(request("\\d raw.orders"), Request::Columns("raw.orders"));
        assert_eq!(request("quit;"), Request::Leave);
        assert_eq!(request("\\x"), Request::Unknown("\\x"));
    }
}
