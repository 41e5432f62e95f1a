//! SQL trees to conditions. A form that is not known is refused, never guessed at.

use super::syntax::{Sql, parse};
use crate::matching::condition::Condition;
use crate::matching::error::{Error, Result};
use crate::matching::expression::Expression;
use crate::matching::model::BlockingRule;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

/// The condition of a comparison level.
pub(super) fn condition(sql: &str) -> Result<Condition> {
    if sql.trim().eq_ignore_ascii_case("else") {
        return Ok(Condition::Otherwise);
    }
    let unknown = || Error::Sql {
        sql: sql.into(),
        reason: "this form is not known",
    };
    of(&parse(sql)?).ok_or_else(unknown)
}

/// A blocking rule: equalities, and values that are left out.
pub(super) fn blocking_rule(sql: &str) -> Result<BlockingRule> {
    let unknown = || Error::Sql {
        sql: sql.into(),
        reason: "only equalities of the two records are known",
    };
    let mut rule = BlockingRule::default();
    let parts = match parse(sql)? {
        Sql::And(parts) => parts,
        part => vec![part],
    };
    for part in parts {
        match &part {
            Sql::Operation(sign, left, right) if sign == "=" => {
                rule.on.push(same_of(left, &right[0]).ok_or_else(unknown)?);
            }
            Sql::Operation(sign, left, values) if sign == "not in" => {
                let (of, _) = expression(left).ok_or_else(unknown)?;
                // Values are left out of the first expression.
                if rule.on.first() != Some(&of) {
                    return Err(unknown());
                }
                for value in values {
                    let Sql::Text(value) = value else {
                        return Err(unknown());
                    };
                    rule.except.push(value.clone());
                }
            }
            _ => return Err(unknown()),
        }
    }
    Ok(rule)
}

fn of(sql: &Sql) -> Option<Condition> {
    match sql {
        Sql::And(parts) => crossed(parts).or_else(|| {
            parts
                .iter()
                .map(of)
                .collect::<Option<_>>()
                .map(Condition::All)
        }),
        Sql::Or(parts) => missing(parts).or_else(|| {
            parts
                .iter()
                .map(of)
                .collect::<Option<_>>()
                .map(Condition::Any)
        }),
        Sql::Operation(sign, left, right) => match (sign.as_str(), right.as_slice()) {
            ("=", [right]) => same_of(left, right).map(Condition::Equal),
            ("<=" | ">=", [Sql::Number(number)]) => distance(sign, left, *number),
            _ => None,
        },
        _ => None,
    }
}

/// `x_l IS NULL OR x_r IS NULL`
fn missing(parts: &[Sql]) -> Option<Condition> {
    let null = |part: &Sql| match part {
        Sql::Operation(sign, left, _) if sign == "is null" => Some(left.as_ref().clone()),
        _ => None,
    };
    let [left, right] = parts else { return None };
    let (left, right) = (null(left)?, null(right)?);
    match (date(&left), date(&right)) {
        (Some(left), Some(right)) => same_of(&left, &right).map(Condition::NoDate),
        _ => same_of(&left, &right).map(Condition::Missing),
    }
}

/// `a_l = b_r AND a_r = b_l`
fn crossed(parts: &[Sql]) -> Option<Condition> {
    let equal = |part: &Sql| match part {
        Sql::Operation(sign, left, right) if sign == "=" => {
            let (left, right) = (expression(left)?, expression(right.first()?)?);
            (left.0 != right.0 && left.1 != right.1).then_some((left, right))
        }
        _ => None,
    };
    let [first, second] = parts else { return None };
    let (first, second) = (equal(first)?, equal(second)?);
    let straight = |((a, side), (b, _))| if side == Side::Left { (a, b) } else { (b, a) };
    let ((a, b), (c, d)) = (straight(first), straight(second));
    match (a, b) {
        (Expression::Column(a), Expression::Column(b))
            if c == Expression::column(&b) && d == Expression::column(&a) =>
        {
            Some(Condition::Crossed(a, b))
        }
        _ => None,
    }
}

fn distance(sign: &str, left: &Sql, number: f64) -> Option<Condition> {
    let Sql::Call(name, arguments) = left else {
        return None;
    };
    if let ("abs", [difference]) = (name.as_str(), arguments.as_slice()) {
        return (sign == "<=").then(|| apart(difference, number)).flatten();
    }
    if let ("array_length", [Sql::Call(inner, lists)]) = (name.as_str(), arguments.as_slice()) {
        return (sign == ">=" && inner == "list_intersect")
            .then(|| overlap(lists, number))
            .flatten();
    }
    let [left, right] = arguments.as_slice() else {
        return None;
    };
    let of = same_of(left, right)?;
    let whole = (number >= 0.0 && number.fract() == 0.0).then_some(number as u32);
    match (sign, name.as_str()) {
        (">=", "jaro_winkler_similarity") => Some(Condition::JaroWinkler { of, min: number }),
        (">=", "jaro_similarity") => Some(Condition::Jaro { of, min: number }),
        ("<=", "levenshtein") => Some(Condition::Levenshtein { of, max: whole? }),
        ("<=", "damerau_levenshtein") => Some(Condition::DamerauLevenshtein { of, max: whole? }),
        _ => None,
    }
}

/// `array_length(list_intersect(tags_l, tags_r)) >= 2`
fn overlap(lists: &[Sql], min: f64) -> Option<Condition> {
    let [left, right] = lists else { return None };
    let min = min as u32;
    same_of(left, right).map(|of| Condition::Overlap { of, min })
}

/// `EPOCH(date_l) - EPOCH(date_r)` in seconds, or a plain difference of numbers.
fn apart(difference: &Sql, max: f64) -> Option<Condition> {
    const DAY_SECONDS: f64 = 86_400.0;
    let Sql::Operation(sign, left, right) = difference else {
        return None;
    };
    let [right] = right.as_slice() else {
        return None;
    };
    if sign != "-" {
        return None;
    }
    match (epoch(left), epoch(right)) {
        (Some(left), Some(right)) => {
            let max = (max / DAY_SECONDS).floor() as u32;
            same_of(&left, &right).map(|of| Condition::DaysApart { of, max })
        }
        (None, None) => same_of(left, right).map(|of| Condition::Apart { of, max }),
        _ => None,
    }
}

fn epoch(sql: &Sql) -> Option<Sql> {
    match sql {
        Sql::Call(name, arguments) if name == "epoch" => date(arguments.first()?),
        _ => None,
    }
}

/// The text behind `try_strptime(text, format)`, if the format is one that is read here.
fn date(sql: &Sql) -> Option<Sql> {
    match sql {
        Sql::Call(name, arguments) if name == "try_strptime" => match arguments.as_slice() {
            [of, Sql::Text(format)] if ["%Y-%m-%d", "%Y%m%d"].contains(&format.as_str()) => {
                Some(of.clone())
            }
            _ => None,
        },
        _ => None,
    }
}

/// The expression that both sides are, one of each record.
fn same_of(left: &Sql, right: &Sql) -> Option<Expression> {
    let ((left, one), (right, two)) = (expression(left)?, expression(right)?);
    (left == right && one != two).then_some(left)
}

fn expression(sql: &Sql) -> Option<(Expression, Side)> {
    match sql {
        Sql::Name(name) => column(name).map(|(name, side)| (Expression::Column(name), side)),
        Sql::Call(name, arguments) => match (name.as_str(), arguments.as_slice()) {
            ("nullif", [inner, Sql::Text(empty)]) if empty.is_empty() => expression(inner),
            ("regexp_extract", [Sql::Name(of), Sql::Text(pattern), Sql::Number(group)])
                if *group == 0.0 =>
            {
                let (of, side) = column(of)?;
                match pattern.as_str() {
                    "^[^@]+" => Some((Expression::Username(of), side)),
                    _ => None,
                }
            }
            ("substring" | "substr", [Sql::Name(of), Sql::Number(from), Sql::Number(length)]) => {
                let (of, side) = column(of)?;
                let (from, length) = (*from as usize, *length as usize);
                Some((Expression::Substring { of, from, length }, side))
            }
            _ => None,
        },
        _ => None,
    }
}

fn column(name: &str) -> Option<(String, Side)> {
    let strip = |front: &str, back: &str| {
        let name = name.strip_prefix(front).or_else(|| name.strip_suffix(back));
        name.map(str::to_owned)
    };
    if let Some(name) = strip("l.", "_l") {
        return Some((name, Side::Left));
    }
    strip("r.", "_r").map(|name| (name, Side::Right))
}
