//! Whether a row is among given ones, as a predicate: it reaches the files like any other filter, so that the columns
//! it asks about are decoded first, and the others only where it holds. A scan of the lake's tables knows it, and
//! leaves out the pages whose least and greatest values have none of the keys between them.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::KeySet;
use crate::key_pages::sorted;

/// Whether the values of `columns`, which have the types of the key's, are a key of the set. Of several columns, one is
/// asked about by itself as well, so that the others are decoded for few rows.
///
/// # Errors
/// As [`KeySet::new`].
pub fn among(columns: Vec<Expr>, keys: KeySet) -> crate::Result<Expr> {
    let first = keys.first()?;
    let first = first.map(|(index, values)| is_among(vec![columns[index].clone()], values));
    let all = is_among(columns, keys);
    Ok(match first {
        Some(first) => first.and(all),
        None => all,
    })
}

fn is_among(columns: Vec<Expr>, keys: KeySet) -> Expr {
    let among = Among {
        signature: Signature::exact(keys.data_types(), Volatility::Immutable),
        keys,
    };
    ScalarUDF::from(among).call(columns)
}

/// The columns that a filter asks about in this way, by name, each with the values of its keys in their order.
pub(crate) fn asked(filter: &Expr) -> Result<Vec<(&str, ArrayRef)>> {
    let Expr::ScalarFunction(call) = filter else {
        return Ok(Vec::new());
    };
    let Some(among) = call.func.inner().as_any().downcast_ref::<Among>() else {
        return Ok(Vec::new());
    };
    let mut asked = Vec::new();
    for (at, argument) in call.args.iter().enumerate() {
        if let Expr::Column(column) = argument
            && let Some(sorted) = sorted(&among.keys, at)?
        {
            asked.push((column.name.as_str(), sorted));
        }
    }
    Ok(asked)
}

#[derive(Debug)]
struct Among {
    signature: Signature,
    keys: KeySet,
}

/// Two are the same where they are one and the same: keys are not compared to tell.
impl PartialEq for Among {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Among {}

impl Hash for Among {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self).hash(state);
    }
}

impl ScalarUDFImpl for Among {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &'static str {
        "among"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = arguments.args.iter();
        let columns = columns.map(|column| column.to_array(arguments.number_rows));
        let known = self.keys.contains(&columns.collect::<Result<Vec<_>>>()?)?;
        Ok(ColumnarValue::Array(Arc::new(known)))
    }
}
