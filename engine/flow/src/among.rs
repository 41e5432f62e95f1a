//! Whether a row is among given ones, as a predicate: it reaches the files like any other filter, so that the columns
//! it asks about are decoded first, and the others only where it holds.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use c360_catalog::KeySet;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast,
};

/// Whether the values of `columns` are a key of the set.
pub fn among(columns: Vec<Expr>, keys: KeySet) -> Expr {
    let kinds = keys.data_types();
    let columns = columns.into_iter().zip(kinds.clone());
    let columns = columns.map(|(column, kind)| cast(column, kind)).collect();
    let among = Among {
        signature: Signature::exact(kinds, Volatility::Immutable),
        keys,
    };
    ScalarUDF::from(among).call(columns)
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
