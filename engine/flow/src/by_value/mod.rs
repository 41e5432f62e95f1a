//! Whether a SELECT can be computed value by value of a column.
//!
//! *By* a column, rows of one value are made of the inputs' rows of that value, and of tables that lack the column. A
//! SELECT that ranks, sums or joins over several values would say one thing of all rows and another of those that a
//! change touches; so its plan is held to this, node by node. What cannot be shown to keep to it is refused.
//!
//! One thing is taken on trust: a row's neighbour in an order that begins with the value is of its own value or of the
//! next, which the SELECT may ask.

mod shown;

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::expr::WindowFunctionParams;
use datafusion::logical_expr::{
    Aggregate, Expr, Join, LogicalPlan, TableScan, Union, Unnest, Window,
};

use self::shown::Shown;

/// Why a SELECT cannot be computed value by value.
#[derive(Debug)]
pub struct Obstacle {
    /// What it does.
    pub why: String,
    /// What would help.
    pub remedy: String,
}

impl Obstacle {
    fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

/// What rows are made of.
#[derive(Debug)]
enum Rows {
    /// Of tables without the column.
    Shared,
    /// Each of rows of one value.
    Of(Shown),
}

/// Holds an optimized plan, in which subqueries are joins and DISTINCT is an aggregate, to the column. That it makes the
/// column at all is not asked.
pub fn check(plan: &LogicalPlan, by: &str) -> Result<(), Obstacle> {
    let Rows::Of(shown) = By(by).rows(plan)? else {
        return Ok(());
    };
    match plan.schema().index_of_column_by_name(None, by) {
        Some(place) if !shown.surely_at(place) => Err(Obstacle::new(
            format!("its {by} is not the one of the rows that a row is made of, or not always"),
            format!("select {by} as it is in a table that has it for every row"),
        )),
        _ => Ok(()),
    }
}

/// The column.
#[derive(Clone, Copy)]
struct By<'a>(&'a str);

impl By<'_> {
    fn rows(self, plan: &LogicalPlan) -> Result<Rows, Obstacle> {
        if let LogicalPlan::TableScan(scan) = plan {
            return Ok(self.scanned(scan));
        }
        let inputs = plan.inputs().into_iter().map(|input| self.rows(input));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        if !inputs.iter().any(|rows| matches!(rows, Rows::Of(_))) {
            return Ok(Rows::Shared);
        }
        let shown = match (plan, inputs.as_slice()) {
            (LogicalPlan::Join(join), [left, right]) => self.joined(join, left, right),
            (LogicalPlan::Union(union), inputs) => self.united(union, inputs),
            (plan, [Rows::Of(shown)]) => self.through(plan, shown),
            (plan, _) => Err(unknown(plan)),
        };
        shown.map(Rows::Of)
    }

    fn scanned(self, scan: &TableScan) -> Rows {
        match scan.source.schema().index_of(self.0) {
            Ok(_) => Rows::Of(Shown::at(
                scan.projected_schema.index_of_column_by_name(None, self.0),
            )),
            Err(_) => Rows::Shared,
        }
    }

    /// What a node with one input makes of it.
    fn through(self, plan: &LogicalPlan, rows: &Shown) -> Result<Shown, Obstacle> {
        match plan {
            LogicalPlan::Projection(made) => Ok(rows.through(&made.expr, made.input.schema())),
            LogicalPlan::Filter(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::SubqueryAlias(_) => Ok(rows.clone()),
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => Ok(rows.clone()),
            LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => Err(Obstacle::new(
                "LIMIT picks from the rows of all values",
                format!(
                    "number the rows by row_number() over (PARTITION BY {} …) instead",
                    self.0
                ),
            )),
            LogicalPlan::Window(window) => self.windowed(window, rows),
            LogicalPlan::Aggregate(aggregate) => self.aggregated(aggregate, rows),
            LogicalPlan::Unnest(unnest) => Ok(unnested(unnest, rows)),
            plan => Err(unknown(plan)),
        }
    }

    fn windowed(self, window: &Window, rows: &Shown) -> Result<Shown, Obstacle> {
        let schema = window.input.schema();
        let keeps_to_one = |expression: &Expr| {
            let Expr::WindowFunction(function) = expression.clone().unalias() else {
                return false;
            };
            let WindowFunctionParams {
                partition_by,
                order_by,
                ..
            } = &function.params;
            let first = order_by.first().map(|order| &order.expr);
            let neighbour = first.filter(|_| ["lag", "lead"].contains(&function.fun.name()));
            let mut tells = partition_by.iter().chain(neighbour);
            tells.any(|part| rows.surely(part, schema))
        };
        let strays = |expression: &&Expr| !keeps_to_one(expression);
        match window.window_expr.iter().find(strays) {
            None => Ok(rows.clone()),
            Some(expression) => Err(Obstacle::new(
                format!("`{expression}` looks at rows of several values"),
                format!("have it PARTITION BY {}", self.0),
            )),
        }
    }

    fn aggregated(self, aggregate: &Aggregate, rows: &Shown) -> Result<Shown, Obstacle> {
        let schema = aggregate.input.schema();
        let groups = &aggregate.group_expr;
        if groups.iter().any(|group| rows.surely(group, schema)) {
            let picked = aggregate.aggr_expr.iter().map(picked);
            return Ok(rows.through(groups.iter().chain(picked), schema));
        }
        let why = match groups.as_slice() {
            [] => "it aggregates the rows of all values together".to_owned(),
            groups => format!("it groups by {}, across values", listed(groups)),
        };
        Err(Obstacle::new(why, format!("GROUP BY {} too", self.0)))
    }

    fn united(self, union: &Union, inputs: &[Rows]) -> Result<Shown, Obstacle> {
        let mut all: Option<Shown> = None;
        for (input, plan) in inputs.iter().zip(&union.inputs) {
            match input {
                Rows::Of(shown) => {
                    all = Some(all.map_or_else(|| shown.clone(), |all| all.or(shown)));
                }
                Rows::Shared if matches!(&**plan, LogicalPlan::EmptyRelation(none) if !none.produce_one_row) =>
                    {}
                Rows::Shared => {
                    return Err(Obstacle::new(
                        "UNION adds rows that are made of no row with a value",
                        format!("unite rows of tables that have {}", self.0),
                    ));
                }
            }
        }
        all.ok_or_else(|| unknown(&LogicalPlan::Union(union.clone())))
    }

    fn joined(self, join: &Join, left: &Rows, right: &Rows) -> Result<Shown, Obstacle> {
        use JoinType::{
            Full, Inner, Left, LeftAnti, LeftMark, LeftSemi, Right, RightAnti, RightMark, RightSemi,
        };
        let columns = join.left.schema().fields().len();
        let (left, right) = match (left, right) {
            (Rows::Of(left), Rows::Of(right)) => (left, right),
            (Rows::Of(left), Rows::Shared) => match join.join_type {
                Inner | Left | LeftSemi | LeftAnti | LeftMark => return Ok(left.clone()),
                _ => return Err(self.keeps_shared_rows()),
            },
            (Rows::Shared, Rows::Of(right)) => match join.join_type {
                Inner | Right => return Ok(right.behind(columns)),
                RightSemi | RightAnti | RightMark => return Ok(right.clone()),
                _ => return Err(self.keeps_shared_rows()),
            },
            (Rows::Shared, Rows::Shared) => return Err(unknown(&LogicalPlan::Join(join.clone()))),
        };
        if !joins_by_value(join, left, right) {
            let on: Vec<String> = join.on.iter().map(|(a, b)| format!("{a} = {b}")).collect();
            let why = match on.is_empty() {
                true => "it joins rows of several values".to_owned(),
                false => format!("it joins on {}, across values", on.join(" AND ")),
            };
            return Err(Obstacle::new(why, format!("join on {} too", self.0)));
        }
        let behind = right.behind(columns);
        Ok(match join.join_type {
            Inner => left.with(&behind),
            Left => left.perhaps_with(&behind),
            Right => behind.perhaps_with(left),
            Full => left.or_with(&behind),
            LeftSemi | LeftAnti | LeftMark => left.clone(),
            RightSemi | RightAnti | RightMark => right.clone(),
        })
    }

    fn keeps_shared_rows(self) -> Obstacle {
        let why = format!(
            "a join keeps rows of a table without {}, whoever matches them",
            self.0
        );
        Obstacle::new(
            why,
            format!(
                "begin with a table that has {}, and join the other to it",
                self.0
            ),
        )
    }
}

/// Whether rows that meet are of one value.
fn joins_by_value(join: &Join, left: &Shown, right: &Shown) -> bool {
    let (of_left, of_right) = (join.left.schema(), join.right.schema());
    let nulls_tell = join.null_aware || join.null_equality == NullEquality::NullEqualsNull;
    let mut on = join.on.iter();
    on.any(|(a, b)| match nulls_tell {
        true => left.surely(a, of_left) && right.surely(b, of_right),
        false => left.perhaps(a, of_left) && right.perhaps(b, of_right),
    })
}

/// What an aggregate over rows of one value picks one of, as DISTINCT ON does; else the aggregate itself.
fn picked(aggregate: &Expr) -> &Expr {
    match aggregate {
        Expr::Alias(alias) => picked(&alias.expr),
        Expr::AggregateFunction(call)
            if ["first_value", "last_value", "min", "max"].contains(&call.func.name())
                && call.params.filter.is_none() =>
        {
            call.params.args.first().unwrap_or(aggregate)
        }
        _ => aggregate,
    }
}

/// A column that is taken apart is another afterwards.
fn unnested(unnest: &Unnest, rows: &Shown) -> Shown {
    let lists = unnest.list_type_columns.iter().map(|(place, _)| *place);
    let apart: Vec<usize> = lists
        .chain(unnest.struct_type_columns.iter().copied())
        .collect();
    let places = unnest.dependency_indices.iter();
    rows.picked(places.map(|place| (!apart.contains(place)).then_some(*place)))
}

fn unknown(plan: &LogicalPlan) -> Obstacle {
    Obstacle::new(
        format!("nothing is known of values in `{}`", plan.display()),
        "say it in another way",
    )
}

fn listed(expressions: &[Expr]) -> String {
    let listed: Vec<String> = expressions.iter().map(ToString::to_string).collect();
    listed.join(", ")
}
