//! The standardisers over Arrow arrays: in parallel for plain strings, once a value for dictionaries.
//!
//! Row by row the same as [`Normalizer::apply`]; a null stays null, and what has no standard form becomes null.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, StringArray, StringArrayType, StringBuilder,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::{ArrowDictionaryKeyType, DataType};
use rayon::prelude::*;

use super::Normalizer;
use crate::error::{Error, Result};

const CHUNK_ROWS: usize = 4096;

/// Standardises every row.
pub fn normalize(normalizer: &Normalizer, values: &StringArray) -> StringArray {
    if values.len() <= CHUNK_ROWS {
        return normalize_rows(normalizer, values);
    }
    let chunks: Vec<StringArray> = (0..values.len())
        .into_par_iter()
        .step_by(CHUNK_ROWS)
        .map(|at| values.slice(at, CHUNK_ROWS.min(values.len() - at)))
        .map(|chunk| normalize_rows(normalizer, &chunk))
        .collect();
    joined(&chunks)
}

/// Standardises every distinct value once; the keys stay. Two values of the result may be equal.
pub fn normalize_dictionary<K: ArrowDictionaryKeyType>(
    normalizer: &Normalizer,
    values: &DictionaryArray<K>,
) -> Result<DictionaryArray<K>> {
    let standard = normalize_array(normalizer, values.values())?;
    Ok(values.with_values(standard))
}

/// Standardises an array of any string type: Utf8, LargeUtf8 or Utf8View (the result is Utf8), or a dictionary of
/// them (the result is a dictionary of Utf8 with the same keys).
///
/// # Errors
/// [`Error::Type`] when the array does not hold strings.
pub fn normalize_array(normalizer: &Normalizer, values: &ArrayRef) -> Result<ArrayRef> {
    Ok(match values.data_type() {
        DataType::Utf8 => Arc::new(normalize(normalizer, values.as_string::<i32>())),
        DataType::LargeUtf8 => Arc::new(normalize_rows(normalizer, values.as_string::<i64>())),
        DataType::Utf8View => Arc::new(normalize_rows(normalizer, values.as_string_view())),
        DataType::Dictionary(_, _) => {
            let dictionary = values.as_any_dictionary();
            let standard = normalize_array(normalizer, dictionary.values())?;
            dictionary.with_values(standard)
        }
        DataType::Null => cast(values, &DataType::Utf8).map_err(|_| not_strings(values))?,
        _ => return Err(not_strings(values)),
    })
}

fn not_strings(values: &ArrayRef) -> Error {
    Error::Type {
        column: "values",
        found: values.data_type().to_string(),
        expected: "a string type",
    }
}

fn normalize_rows<'a>(normalizer: &Normalizer, values: impl StringArrayType<'a>) -> StringArray {
    let mut out = StringBuilder::with_capacity(values.len(), values.len() * 16);
    // Rows of one customer or invoice lie together, and repeat what they hold.
    let (mut last, mut standard) = (None, None);
    for value in values.iter() {
        if value.is_some() && value != last {
            standard = value.and_then(|value| normalizer.apply(value));
            last = value;
        }
        let standard = standard.as_deref().filter(|_| value.is_some());
        out.append_option(standard);
    }
    out.finish()
}

fn joined(chunks: &[StringArray]) -> StringArray {
    let chunks: Vec<&dyn Array> = chunks.iter().map(|chunk| chunk as &dyn Array).collect();
    let whole = concat(&chunks)
        .expect("chunks have one type, and together no more text than their source allows");
    whole.as_string::<i32>().clone()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray, StringViewArray};
    use arrow::datatypes::Int32Type;

    use super::{normalize, normalize_array, normalize_dictionary};
    use crate::standardise::Normalizer;

    fn raw(rows: usize) -> StringArray {
        (0..rows)
            .map(|row| match row / 2 % 3 {
                0 => None,
                1 => Some(format!("Ann{}@Post.Example", row / 6)),
                _ => Some("nothing".to_owned()),
            })
            .collect()
    }

    #[test]
    fn arrays_agree_with_scalars() {
        for rows in [0, 1, 10, 10_000] {
            let values = raw(rows);
            let expected: StringArray = values
                .iter()
                .map(|value| value.and_then(|value| Normalizer::Email.apply(value)))
                .collect();
            assert_eq!(normalize(&Normalizer::Email, &values), expected);
        }
    }

    #[test]
    fn dictionaries_keep_their_keys() {
        let values: DictionaryArray<Int32Type> =
            [Some("A@B.example"), None, Some("x"), Some("A@B.example")]
                .into_iter()
                .collect();
        let standard = normalize_dictionary(&Normalizer::Email, &values).expect("strings");
        let rows: Vec<_> = standard
            .downcast_dict::<StringArray>()
            .expect("strings")
            .into_iter()
            .collect();
        assert_eq!(rows, [Some("a@b.example"), None, None, Some("a@b.example")]);
    }

    #[test]
    fn views_become_plain_strings() {
        let values: ArrayRef = Arc::new(StringViewArray::from(vec![Some("A@B.example"), None]));
        let standard = normalize_array(&Normalizer::Email, &values).expect("strings");
        assert_eq!(standard.as_string::<i32>().value(0), "a@b.example");
        assert!(standard.is_null(1));
    }

    #[test]
    fn numbers_are_refused() {
        let values: ArrayRef = Arc::new(arrow::array::Int32Array::from(vec![1]));
        assert!(normalize_array(&Normalizer::Text, &values).is_err());
    }
}
