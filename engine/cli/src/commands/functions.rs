//! `c360 functions`: what may SQL call?

use c360_flow::{Function, FunctionKind, FunctionOrigin};
use c360_spec::spelling;
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;
use crate::grid::grid;

/// List the SQL functions of c360, and those that this program adds; or tell all about one
///
/// Needs no project. SQL files, expressions in jobs and `c360 sql` may call them all, and every function of DataFusion
/// besides.
#[derive(Debug, Args)]
pub struct Functions {
    /// The function to tell all about, one of DataFusion's too
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// List DataFusion's functions too
    #[arg(long, conflicts_with = "name")]
    all: bool,
}

impl Functions {
    /// Prints the functions.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut functions = context.functions.all();
        if let Some(name) = &self.name {
            return print_one(context, &functions, &name.to_lowercase());
        }
        functions.retain(|function| self.all || function.origin != FunctionOrigin::DataFusion);
        let console = &context.console;
        if console.json {
            return console.json(&functions);
        }
        let rows = functions.iter().map(row).collect();
        let headers = ["function", "kind", "of", "gives"];
        console.text(&grid(&headers, &[], rows, console.stdout_is_terminal))
    }
}

/// One name may be a function of several kinds.
fn print_one(context: &Context, functions: &[Function], name: &str) -> Result<(), Failure> {
    let named = functions.iter().filter(|function| function.name == name);
    let named: Vec<&Function> = named.collect();
    if named.is_empty() {
        let failure = Failure::invalid(format!("there is no function `{name}`"));
        let known = functions.iter().map(|function| function.name.as_str());
        return Err(failure.hint(match spelling::nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "c360 functions --all lists them".to_owned(),
        }));
    }
    if context.console.json {
        return context.console.json(&named);
    }
    let texts: Vec<String> = named.into_iter().map(whole).collect();
    context.console.text(&texts.join("\n\n"))
}

fn whole(function: &Function) -> String {
    let mut lines = vec![
        function.signature.clone(),
        format!("  {} function of {}", kind(function), origin(function)),
    ];
    lines.extend(function.description.iter().map(|text| format!("  {text}")));
    let arguments = function.arguments.iter();
    let arguments = arguments.map(|it| vec![format!("  {}", it.name), it.description.clone()]);
    let arguments: Vec<Vec<String>> = arguments.collect();
    if !arguments.is_empty() {
        let text = grid(&["  argument", ""], &[], arguments, false);
        lines.extend([String::new(), text]);
    }
    for (title, text) in [("example", &function.example), ("gives", &function.result)] {
        if let Some(text) = text {
            let text = text.lines().map(|line| format!("    {line}"));
            lines.extend([String::new(), format!("  {title}")]);
            lines.extend(text);
        }
    }
    lines.join("\n")
}

fn row(function: &Function) -> Vec<String> {
    let description = function.description.clone().unwrap_or_default();
    vec![
        function.name.clone(),
        kind(function).to_owned(),
        origin(function).to_owned(),
        description.lines().next().unwrap_or_default().to_owned(),
    ]
}

fn kind(function: &Function) -> &'static str {
    match function.kind {
        FunctionKind::Scalar => "scalar",
        FunctionKind::Aggregate => "aggregate",
        FunctionKind::Window => "window",
    }
}

fn origin(function: &Function) -> &'static str {
    match function.origin {
        FunctionOrigin::Own => "this program",
        FunctionOrigin::C360 => "c360",
        FunctionOrigin::DataFusion => "DataFusion",
    }
}
