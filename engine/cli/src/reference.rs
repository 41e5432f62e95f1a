//! The reference of the command line, made from its definition so that it cannot say otherwise.

use clap::{Command, CommandFactory};

use crate::arguments::Arguments;

const WIDTH: usize = 96;

/// Markdown with the help of every command.
pub fn reference() -> String {
    let mut root = Arguments::command().term_width(WIDTH);
    root.build();
    let mut text = String::from(
        "# The command line\n\nMade from the program's own help; `C360_BLESS=1 cargo test` renews it.\n",
    );
    describe(&root, "c360", &mut text);
    text
}

fn describe(command: &Command, path: &str, text: &mut String) {
    let help = command
        .clone()
        .term_width(WIDTH)
        .render_long_help()
        .to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    *text += &format!(
        "\n## {path}\n\n```text\n{}\n```\n",
        help.join("\n").trim_end()
    );
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        describe(inner, &format!("{path} {}", inner.get_name()), text);
    }
}
