//! How values of identifiers are brought into their standard form, and which of them identify anybody.

use std::sync::LazyLock;

use c360_resolve::standardise::{Normalizer, normalize};
use c360_spec::{IdentifierRule, IdentityJob, Normalize};
use datafusion::arrow::array::StringArray;
use datafusion::functions::expr_fn::regexp_like;
use datafusion::logical_expr::{Expr, in_list, lit, not};

use crate::error::{Context, Result};
use crate::udf;

/// The rule of a kind of identifier.
pub(super) fn rule<'a>(job: &'a IdentityJob, kind: &str) -> &'a IdentifierRule {
    static DEFAULT: LazyLock<IdentifierRule> = LazyLock::new(IdentifierRule::default);
    job.identifiers.get(kind).unwrap_or(&DEFAULT)
}

/// An empty text names nobody, no more than a null does.
pub(super) fn has_text(value: Expr) -> Expr {
    value.clone().is_not_null().and(value.not_eq(lit("")))
}

/// The standard form of a raw value.
pub(super) fn standardise(rule: &IdentifierRule, raw: Expr) -> Expr {
    match (normalizer_name(rule.normalize), &rule.region) {
        (None, _) => raw,
        (Some("phone"), Some(region)) => {
            udf::normalize_udf("phone").call(vec![raw, lit(region.as_str())])
        }
        (Some(name), _) => udf::normalize_udf(name).call(vec![raw]),
    }
}

/// The standardiser of that name, if the rule has one.
pub fn normalizer_name(normalize: Normalize) -> Option<&'static str> {
    match normalize {
        Normalize::Email => Some("email"),
        Normalize::Phone => Some("phone"),
        Normalize::Name => Some("name"),
        Normalize::Handle => Some("handle"),
        Normalize::Postcode => Some("postcode"),
        Normalize::Text => Some("text"),
        Normalize::None => None,
    }
}

/// What turns values of `kind` into their standard form.
pub(super) fn normalizer(kind: &str, rule: &IdentifierRule) -> Result<Normalizer> {
    let name = normalizer_name(rule.normalize).unwrap_or("none");
    udf::normalizer(name, rule.region.as_deref())
        .context(|| format!("identity, rule of identifier {kind}"))
}

/// Whether the standardised `value` of `kind` identifies anybody.
pub(super) fn accepted(kind: &str, rule: &IdentifierRule, value: Expr) -> Result<Expr> {
    let value = || value.clone();
    let mut accepted = has_text(value());
    if let Some(name) = normalizer_name(rule.normalize) {
        accepted = accepted.and(not(udf::is_junk_udf().call(vec![lit(name), value()])));
    }
    if let Some(pattern) = &rule.valid {
        accepted = accepted.and(regexp_like(value(), lit(pattern.as_str()), None));
    }
    let blocked = blocked(kind, rule)?;
    if !blocked.is_empty() {
        accepted = accepted.and(not(in_list(value(), blocked, false)));
    }
    Ok(accepted)
}

/// The blocked values as the table would hold them, without those that it could never hold.
fn blocked(kind: &str, rule: &IdentifierRule) -> Result<Vec<Expr>> {
    let written: StringArray = rule.blocked.iter().map(Some).collect();
    let standardised = normalize(&normalizer(kind, rule)?, &written);
    Ok(standardised.iter().flatten().map(lit).collect())
}
