//! Functions that a program adds to SQL beside those of c360 and DataFusion.
//!
//! Written in Rust against DataFusion's traits and handed to the engine once, when it is opened; every statement of
//! every job then knows them. What they compute is no business of c360's, but three things are: that a name means one
//! function, that the listing tells of them ([`Function`]), and that a job whose SQL calls one is computed anew when the
//! function's meaning changes (`called.rs`).

mod called;
mod listed;

use std::collections::BTreeSet;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::prelude::SessionContext;

pub use listed::{Argument, Function, FunctionKind, Origin};

use crate::error::{Error, Result};
use crate::udf;

/// Functions of one's own, each with the version of its meaning.
///
/// A function has to answer the same whenever it is asked the same, and an aggregate the same in whatever order rows
/// come, or a table that is recomputed in part would differ from one made anew. Raise a function's version when it
/// answers otherwise than before: the tables whose jobs call it are then made anew, and no others.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    own: Vec<Own>,
}

#[derive(Debug, Clone)]
struct Own {
    version: u32,
    function: Sort,
}

#[derive(Debug, Clone)]
enum Sort {
    Scalar(ScalarUDF),
    Aggregate(AggregateUDF),
    Window(WindowUDF),
}

impl Own {
    /// The names by which SQL may call it.
    fn names(&self) -> impl Iterator<Item = &str> {
        let (name, aliases) = match &self.function {
            Sort::Scalar(it) => (it.name(), it.aliases()),
            Sort::Aggregate(it) => (it.name(), it.aliases()),
            Sort::Window(it) => (it.name(), it.aliases()),
        };
        std::iter::once(name).chain(aliases.iter().map(String::as_str))
    }
}

impl Functions {
    /// These and one that makes a value of a row's values.
    #[must_use]
    pub fn scalar(self, version: u32, function: impl Into<ScalarUDF>) -> Self {
        self.with(version, Sort::Scalar(function.into()))
    }

    /// These and one that makes a value of many rows.
    #[must_use]
    pub fn aggregate(self, version: u32, function: impl Into<AggregateUDF>) -> Self {
        self.with(version, Sort::Aggregate(function.into()))
    }

    /// These and one that makes a value of a row among its neighbours.
    #[must_use]
    pub fn window(self, version: u32, function: impl Into<WindowUDF>) -> Self {
        self.with(version, Sort::Window(function.into()))
    }

    fn with(mut self, version: u32, function: Sort) -> Self {
        self.own.push(Own { version, function });
        self
    }

    /// Refuses names that SQL could not call, or would understand as another function.
    pub(crate) fn check(&self) -> Result<()> {
        let known = SessionContext::new();
        udf::register(&known);
        let mut taken: BTreeSet<String> = names_in(&known);
        for name in self.own.iter().flat_map(Own::names) {
            let is_plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
            if name.is_empty() || !name.chars().all(is_plain) {
                let error = Error::invalid(format!("the function `{name}` cannot be called"));
                return Err(error.with_hint("name it in lower case letters, digits and _"));
            }
            if !taken.insert(name.to_owned()) {
                let error = Error::invalid(format!("there already is a function `{name}`"));
                return Err(error.with_hint("give it another name"));
            }
        }
        Ok(())
    }

    /// Makes the functions known to `context`.
    pub(crate) fn register(&self, context: &SessionContext) {
        for own in &self.own {
            match own.function.clone() {
                Sort::Scalar(function) => context.register_udf(function),
                Sort::Aggregate(function) => context.register_udaf(function),
                Sort::Window(function) => context.register_udwf(function),
            }
        }
    }
}

/// Whatever `context` can call, aliases too.
fn names_in(context: &SessionContext) -> BTreeSet<String> {
    let state = context.state();
    let scalar = state.scalar_functions().keys();
    let aggregate = state.aggregate_functions().keys();
    let window = state.window_functions().keys();
    scalar.chain(aggregate).chain(window).cloned().collect()
}
