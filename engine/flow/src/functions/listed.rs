//! What is told of SQL functions: kind, signature, what they give, an example. Told by the functions themselves, in
//! DataFusion's [`Documentation`]; nothing is written down twice.
//!
//! c360 reads it so, and functions of one's own had better keep to it:
//!
//! ```text
//! syntax_example   normalize_email(text VARCHAR) → VARCHAR
//! sql_example      SELECT normalize_email(' Ann@Mail.Example ')
//!                  -- ann@mail.example
//! ```
//!
//! The lines behind `--` are the rows that the example gives, values separated by `, `.

use std::collections::BTreeSet;

use datafusion::logical_expr::{Documentation, Signature};
use datafusion::prelude::SessionContext;
use serde::Serialize;

use super::{Functions, names_in};
use crate::udf;

/// A function that SQL may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Function {
    pub name: String,
    pub kind: FunctionKind,
    pub origin: Origin,
    /// How it is called, with the types of arguments and result.
    pub signature: String,
    /// What it gives, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Argument>,
    /// A statement that calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// What the example gives, one line a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// What a function makes a value of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FunctionKind {
    /// The values of a row.
    Scalar,
    /// Many rows.
    Aggregate,
    /// A row and its neighbours.
    Window,
}

/// Who brought a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The program that c360 is built into.
    Own,
    C360,
    DataFusion,
}

/// An argument of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Argument {
    pub name: String,
    pub description: String,
}

impl Functions {
    /// Every function that SQL may call: these, those of c360 and those of DataFusion; each group by kind and name.
    pub fn all(&self) -> Vec<Function> {
        let context = SessionContext::new();
        let of_datafusion = names_in(&context);
        udf::register(&context);
        let of_c360 = names_in(&context);
        self.register(&context);
        let origin = |name: &str| match name {
            name if of_datafusion.contains(name) => Origin::DataFusion,
            name if of_c360.contains(name) => Origin::C360,
            _ => Origin::Own,
        };
        let mut all = told(&context, origin);
        all.sort_by(|a, b| (a.origin, a.kind, &a.name).cmp(&(b.origin, b.kind, &b.name)));
        all
    }
}

fn told(context: &SessionContext, origin: impl Fn(&str) -> Origin) -> Vec<Function> {
    let state = context.state();
    let mut told = Vec::new();
    // Each function stands there under its aliases too.
    let mut seen = BTreeSet::new();
    let mut tell = |kind, name: &str, signature: &Signature, about: Option<&Documentation>| {
        if seen.insert((kind, name.to_owned())) {
            told.push(function(kind, origin(name), name, signature, about));
        }
    };
    for it in state.scalar_functions().values() {
        tell(
            FunctionKind::Scalar,
            it.name(),
            it.signature(),
            it.documentation(),
        );
    }
    for it in state.aggregate_functions().values() {
        tell(
            FunctionKind::Aggregate,
            it.name(),
            it.signature(),
            it.documentation(),
        );
    }
    for it in state.window_functions().values() {
        tell(
            FunctionKind::Window,
            it.name(),
            it.signature(),
            it.documentation(),
        );
    }
    told
}

fn function(
    kind: FunctionKind,
    origin: Origin,
    name: &str,
    signature: &Signature,
    about: Option<&Documentation>,
) -> Function {
    let Some(about) = about else {
        let arguments = signature.type_signature.to_string_repr().join(" or ");
        return Function {
            name: name.to_owned(),
            kind,
            origin,
            signature: format!("{name}({arguments})"),
            description: None,
            arguments: Vec::new(),
            example: None,
            result: None,
        };
    };
    let arguments = about.arguments.iter().flatten();
    let arguments = arguments.map(|(name, description)| Argument {
        name: name.clone(),
        description: description.clone(),
    });
    let (example, result) = example_and_result(about.sql_example.as_deref());
    Function {
        name: name.to_owned(),
        kind,
        origin,
        signature: about.syntax_example.clone(),
        description: Some(about.description.clone()),
        arguments: arguments.collect(),
        example,
        result,
    }
}

fn example_and_result(text: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(text) = text else {
        return (None, None);
    };
    let is_result = |line: &&str| line.starts_with("-- ");
    let statement: Vec<&str> = text.lines().filter(|line| !is_result(line)).collect();
    let rows: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("-- "))
        .collect();
    let result = (!rows.is_empty()).then(|| rows.join("\n"));
    (Some(statement.join("\n")), result)
}
