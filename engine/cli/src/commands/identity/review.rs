//! `c360 identity review`: a steward looks at the pairs that teach the model most.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use c360_flow::{Clock, Engine, Question, RecordName};
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;
use crate::numbers::count;

/// Look at pairs of records and say whether they are one person
///
/// Offers the pairs whose answers teach the model most, one after the other. Answers are kept at once,
/// in identity.decisions as `c360 link` and `c360 unlink` do, and followed by the next run; `c360
/// identity train` learns from them. With --json the pairs are listed and nothing is asked.
#[derive(Debug, Args)]
pub struct Review {
    /// How many pairs to offer at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pairs: usize,
    /// Take the answers from a pipe, a line each
    #[arg(long)]
    piped: bool,
}

const QUESTION: &str = "one person? [s]ame [d]ifferent s[k]ip [q]uit";

/// What a steward says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Same,
    Different,
    Skip,
    Quit,
}

impl Answer {
    fn of(said: &str) -> Option<Self> {
        Some(match said {
            "s" | "same" => Self::Same,
            "d" | "different" => Self::Different,
            "k" | "skip" => Self::Skip,
            "q" | "quit" => Self::Quit,
            _ => return None,
        })
    }
}

impl Review {
    /// Asks pair by pair.
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        let asks = !context.console.json;
        if asks && !self.piped && !io::stdin().is_terminal() {
            return Err(Failure::invalid("a review needs a terminal to ask in").hint(
                "--json lists the pairs, `c360 link` and `c360 unlink` answer; --piped reads answers from a pipe",
            ));
        }
        let engine = context.engine().await?;
        let clock = context.clock(&engine.project().settings);
        let questions = engine.review(self.pairs, &clock).await?;
        if !asks {
            return context.console.json(&questions);
        }
        if questions.is_empty() {
            return context
                .console
                .text("no pair is left to ask about: no likely pair is undecided");
        }
        let mut kept = 0;
        let ended = self
            .ask(context, &engine, &clock, &questions, &mut kept)
            .await;
        let decisions = count(kept, "decision");
        context.console.text(&match kept {
            0 => "nothing was decided".to_owned(),
            _ => format!(
                "{decisions} kept; the next run follows them, c360 identity train learns from them"
            ),
        })?;
        ended
    }

    /// Asks about each in turn, and counts the answers that were kept.
    async fn ask(
        &self,
        context: &Context,
        engine: &Engine,
        clock: &Clock,
        questions: &[Question],
        kept: &mut u64,
    ) -> Result<(), Failure> {
        let wrap = context.console.stdout_is_terminal;
        for (at, question) in questions.iter().enumerate() {
            let place = format!("pair {} of {}", at + 1, questions.len());
            context
                .console
                .text(&format!("{place}\n{}", shown(question, wrap)))?;
            let same = match self.answer(context, &place)? {
                Answer::Same => true,
                Answer::Different => false,
                Answer::Skip => continue,
                Answer::Quit => break,
            };
            engine
                .decide([&question.a, &question.b], same, clock)
                .await?;
            *kept += 1;
        }
        Ok(())
    }

    /// Asks until it understands; the end of the input is the end of the review. Nobody is there to say it again where
    /// answers are piped, and the next line is about the next pair.
    fn answer(&self, context: &Context, place: &str) -> Result<Answer, Failure> {
        let console = &context.console;
        loop {
            console.text(QUESTION)?;
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            let read = read.map_err(|error| Failure::file("read", Path::new("stdin"), &error))?;
            let said = line.trim();
            match Answer::of(said) {
                _ if read == 0 => return Ok(Answer::Quit),
                Some(answer) => return Ok(answer),
                None if self.piped => {
                    let message = format!("{place}: `{said}` is no answer");
                    return Err(Failure::invalid(message).hint(QUESTION));
                }
                None => console.note("say s, d, k or q"),
            }
        }
    }
}

/// Both records side by side, comparison by comparison.
fn shown(question: &Question, wrap: bool) -> String {
    let name = |record: &RecordName| format!("{}:{}", record.source, record.key);
    let mut rows = Vec::new();
    for sight in &question.comparisons {
        for (at, values) in sight.values.iter().enumerate() {
            let first = |text: String| if at == 0 { text } else { String::new() };
            rows.push(vec![
                values.column.clone(),
                values.a.clone().unwrap_or_default(),
                values.b.clone().unwrap_or_default(),
                first(format!("{:+.2}", sight.weight)),
                first(sight.level.clone()),
            ]);
        }
    }
    rows.push(vec![
        "in all".to_owned(),
        String::new(),
        String::new(),
        format!("{:+.2}", question.weight),
        String::new(),
    ]);
    let (a, b) = (name(&question.a), name(&question.b));
    let headers = ["column", &a, &b, "weight", "agreement"];
    grid(&headers, &["weight"], rows, wrap)
}
