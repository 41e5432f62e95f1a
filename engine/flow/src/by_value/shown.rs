//! Where rows show the value that they are of.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};

/// Columns, by their place among those of a plan.
type Places = BTreeSet<usize>;
/// Cases, by their place among those that a row may be.
type Cases = BTreeSet<usize>;

/// The columns in which rows show the value that they are of.
///
/// The sides of an outer join show it where they have a row: so a row is one of several cases, each with the columns
/// that show the value then.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// Columns that hold the value or nothing.
    may: Places,
    /// The columns that hold it, case by case.
    cases: Vec<Places>,
}

impl Shown {
    /// Rows of a table, which has the column at that place, if it is read.
    pub fn at(place: Option<usize>) -> Self {
        let may = Places::from_iter(place);
        Self {
            cases: vec![may.clone()],
            may,
        }
    }

    /// Whether an expression over these rows is their value, in all of them.
    pub fn surely(&self, expression: &Expr, schema: &DFSchema) -> bool {
        let cases = self.cases(expression, schema);
        cases.is_some_and(|cases| cases.len() == self.cases.len())
    }

    /// Whether an expression over these rows is their value or null.
    pub fn perhaps(&self, expression: &Expr, schema: &DFSchema) -> bool {
        self.cases(expression, schema).is_some()
    }

    /// Whether the column at that place is their value, in all of them.
    pub fn surely_at(&self, place: usize) -> bool {
        self.cases.iter().all(|columns| columns.contains(&place))
    }

    /// What rows of these expressions show.
    pub fn through<'a>(
        &self,
        expressions: impl IntoIterator<Item = &'a Expr>,
        schema: &DFSchema,
    ) -> Self {
        let expressions = expressions.into_iter();
        self.made_of(expressions.map(|expression| self.cases(expression, schema)))
    }

    /// What rows show whose columns are those at these places, or something else.
    pub fn picked(&self, places: impl Iterator<Item = Option<usize>>) -> Self {
        self.made_of(places.map(|place| place.and_then(|place| self.cases_at(place))))
    }

    fn made_of(&self, columns: impl Iterator<Item = Option<Cases>>) -> Self {
        let mut made = Self {
            may: Places::new(),
            cases: vec![Places::new(); self.cases.len()],
        };
        for (place, cases) in columns.enumerate() {
            let Some(cases) = cases else { continue };
            made.may.insert(place);
            for case in cases {
                made.cases[case].insert(place);
            }
        }
        made
    }

    /// The same, `columns` places further on.
    pub fn behind(&self, columns: usize) -> Self {
        let moved = |places: &Places| places.iter().map(|place| place + columns).collect();
        Self {
            may: moved(&self.may),
            cases: self.cases.iter().map(moved).collect(),
        }
    }

    /// What rows show of which each has a part on both sides, of the same value.
    pub fn with(&self, other: &Self) -> Self {
        let pairs = |one| other.cases.iter().map(move |two| one | two);
        Self {
            may: &self.may | &other.may,
            cases: self.cases.iter().flat_map(pairs).collect(),
        }
    }

    /// The same where the other side may have no part.
    pub fn perhaps_with(&self, other: &Self) -> Self {
        Self {
            may: &self.may | &other.may,
            cases: self.cases.clone(),
        }
    }

    /// What rows show that have a part on either side or on both.
    pub fn or_with(&self, other: &Self) -> Self {
        Self {
            may: &self.may | &other.may,
            cases: [self.cases.as_slice(), &other.cases].concat(),
        }
    }

    /// What rows show that are these or those, in the same columns.
    pub fn or(&self, other: &Self) -> Self {
        let may = &self.may & &other.may;
        let cases = self.cases.iter().chain(&other.cases);
        Self {
            cases: cases.map(|columns| columns & &may).collect(),
            may,
        }
    }

    /// The cases in which an expression is the value, where it is that or null in all others.
    fn cases(&self, expression: &Expr, schema: &DFSchema) -> Option<Cases> {
        let of = |expression: &Expr| self.cases(expression, schema);
        match expression {
            Expr::Column(column) => self.cases_at(schema.maybe_index_of_column(column)?),
            Expr::Alias(alias) => of(&alias.expr),
            Expr::Literal(value, _) if value.is_null() => Some(Cases::new()),
            Expr::Cast(Cast { expr, data_type }) if tells_apart(expr, data_type, schema) => {
                of(expr)
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "coalesce" => {
                self.first_of(args.iter(), schema)
            }
            Expr::Case(case) if is_coalesce(case) => {
                let values = case.when_then_expr.iter().map(|(_, then)| &**then);
                self.first_of(values.chain(case.else_expr.as_deref()), schema)
            }
            _ => None,
        }
    }

    /// The cases of the first value that is there. What stands behind one that surely is does not matter.
    fn first_of<'a>(
        &self,
        values: impl Iterator<Item = &'a Expr>,
        schema: &DFSchema,
    ) -> Option<Cases> {
        let mut known = Cases::new();
        for value in values {
            if known.len() == self.cases.len() {
                break;
            }
            known.extend(self.cases(value, schema)?);
        }
        Some(known)
    }

    fn cases_at(&self, place: usize) -> Option<Cases> {
        let cases = self.cases.iter().enumerate();
        let held = cases.filter(|(_, columns)| columns.contains(&place));
        let held = held.map(|(case, _)| case).collect();
        self.may.contains(&place).then_some(held)
    }
}

/// `CASE WHEN a IS NOT NULL THEN a ELSE b END`, which is how `coalesce(a, b)` is planned.
fn is_coalesce(case: &Case) -> bool {
    let asks = |when: &Expr, then: &Expr| matches!(when, Expr::IsNotNull(of) if **of == *then);
    let mut branches = case.when_then_expr.iter();
    case.expr.is_none() && branches.all(|(when, then)| asks(when, then))
}

/// Whether values that differ still do after a cast, as those of unlike columns that are compared do.
fn tells_apart(expression: &Expr, to: &DataType, schema: &DFSchema) -> bool {
    let Ok(from) = expression.get_type(schema) else {
        return false;
    };
    from == *to
        || from.is_string() && to.is_string()
        || from.is_integer() && (to.is_string() || to == &DataType::Int64)
}
