//! The standardisers as SQL functions, so that an analyst's query sees a value as identity resolution does.
//!
//! `normalize_email(text)`, `normalize_phone(text [, region])`, `normalize_name(text)`, `normalize_handle(text)`,
//! `normalize_postcode(text)`, `normalize_text(text)`: the standardised value, or NULL where the text is none. `is_junk(kind, text)`: whether a
//! standardised value is a placeholder that identifies nobody.

use std::any::Any;
use std::sync::Arc;

use c360_resolve::standardise::{Normalizer, is_junk, normalize};
use datafusion::arrow::array::{ArrayRef, BooleanArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};
use datafusion::prelude::SessionContext;

use super::documented::documentation;
use super::like_argument;

const KINDS: [&str; 6] = ["email", "phone", "name", "handle", "postcode", "text"];

/// Makes the standardisers known to `context`.
pub fn register(context: &SessionContext) {
    for kind in KINDS {
        context.register_udf(normalize_udf(kind));
    }
    context.register_udf(is_junk_udf());
}

/// The SQL function that standardises values of `kind`.
pub fn normalize_udf(kind: &'static str) -> ScalarUDF {
    ScalarUDF::from(Normalize::new(kind))
}

/// The SQL function that knows placeholders.
pub fn is_junk_udf() -> ScalarUDF {
    ScalarUDF::from(IsJunk::new())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Normalize {
    kind: &'static str,
    name: String,
    signature: Signature,
}

impl Normalize {
    fn new(kind: &'static str) -> Self {
        let arities = vec![TypeSignature::String(1), TypeSignature::String(2)];
        let shapes = if kind == "phone" {
            arities
        } else {
            arities[..1].to_vec()
        };
        Self {
            kind,
            name: format!("normalize_{kind}"),
            signature: Signature::one_of(shapes, Volatility::Immutable),
        }
    }

    fn normalizer(&self, arguments: &[ColumnarValue]) -> Result<Normalizer> {
        let region = match arguments.get(1) {
            None => None,
            Some(ColumnarValue::Scalar(region)) => {
                region.try_as_str().flatten().map(str::to_string)
            }
            Some(ColumnarValue::Array(_)) => {
                return plan_err!("{}: the region must be a literal", self.name);
            }
        };
        normalizer(self.kind, region.as_deref())
    }
}

/// The standardiser called `kind`; `region` is the home country of phone numbers without a country code.
pub fn normalizer(kind: &str, region: Option<&str>) -> Result<Normalizer> {
    let text = match region {
        Some(region) if kind == "phone" => format!("phone:{region}"),
        _ => kind.to_string(),
    };
    text.parse()
        .or_else(|error| plan_err!("no standardiser {text}: {error}"))
}

impl ScalarUDFImpl for Normalize {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation(self.name())
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let normalizer = self.normalizer(&arguments.args)?;
        let texts = texts(&arguments.args[0])?;
        let standardised: ArrayRef = Arc::new(normalize(&normalizer, as_string_array(&texts)?));
        like_argument(&arguments.args[0], standardised)
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IsJunk {
    signature: Signature,
}

impl IsJunk {
    fn new() -> Self {
        Self {
            signature: Signature::string(2, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IsJunk {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        "is_junk"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation(self.name())
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ColumnarValue::Scalar(kind) = &arguments.args[0] else {
            return plan_err!("is_junk: the kind must be a literal");
        };
        let normalizer = normalizer(kind.try_as_str().flatten().unwrap_or("none"), None)?;
        let texts = texts(&arguments.args[1])?;
        let texts: &StringArray = as_string_array(&texts)?;
        let junk: BooleanArray = texts
            .iter()
            .map(|text| text.map(|text| is_junk(&normalizer, text)))
            .collect();
        like_argument(&arguments.args[1], Arc::new(junk))
    }
}

fn texts(argument: &ColumnarValue) -> Result<ArrayRef> {
    argument.cast_to(&DataType::Utf8, None)?.into_array(1)
}
