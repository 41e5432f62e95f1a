//! Numbers from text: whole numbers and exact decimals, without allocating. Floats are left to the
//! standard library.

use super::Fault;

/// Reads a whole number: an optional sign and digits.
pub fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text.as_bytes());
    if digits.is_empty() || digits.len() > 19 {
        return text.parse().ok();
    }
    let mut value: u64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    let value = i128::from(value);
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Reads a decimal exactly, as its unscaled value. Digits beyond the scale must be zeros.
pub fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, Fault> {
    let (negative, rest) = sign(text.as_bytes());
    let (mantissa, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        None => (rest, 0),
        Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
    };
    let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
        None => (mantissa, &mantissa[..0]),
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(Fault::Type);
    }
    let unscaled = digits(whole, fraction, i32::from(scale) + exponent)?;
    if unscaled >= 10_i128.pow(u32::from(precision)) {
        return Err(Fault::Range);
    }
    Ok(if negative { -unscaled } else { unscaled })
}

/// The number `whole.fraction` times ten to the power of `shift`, which must come out whole.
fn digits(whole: &[u8], fraction: &[u8], shift: i32) -> Result<i128, Fault> {
    let mut value: i128 = 0;
    let mut inexact = false;
    let mut left = whole.len() as i32 + shift;
    for byte in whole.iter().chain(fraction) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Fault::Type);
        }
        if left <= 0 {
            inexact |= digit != 0;
        } else {
            value = times_ten(value, digit)?;
        }
        left -= 1;
    }
    if inexact {
        return Err(Fault::Scale);
    }
    for _ in 0..left {
        if value == 0 {
            break;
        }
        value = times_ten(value, 0)?;
    }
    Ok(value)
}

/// A decimal has at most 38 digits, which fit an i128.
fn times_ten(value: i128, digit: u8) -> Result<i128, Fault> {
    let next = value
        .checked_mul(10)
        .and_then(|value| value.checked_add(i128::from(digit)));
    next.ok_or(Fault::Range)
}

/// The power of ten after an `e`; more than four digits are out of every range.
fn exponent(text: &[u8]) -> Result<i32, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::Type)?;
    let value: i32 = text.parse().map_err(|_| Fault::Type)?;
    if value.abs() > 9999 {
        Err(Fault::Range)
    } else {
        Ok(value)
    }
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// The decimal nearest to a float, when the float is within a billionth of it: money that went
/// through a spreadsheet comes back as 0.30000000000000004.
pub fn decimal_near(value: f64, precision: u8, scale: u8) -> Result<i128, Fault> {
    if !value.is_finite() {
        return Err(Fault::Type);
    }
    let scaled = value * 10_f64.powi(i32::from(scale));
    let rounded = scaled.round();
    if (scaled - rounded).abs() > 1e-9 * scaled.abs() {
        return Err(Fault::Scale);
    }
    if rounded.abs() >= 10_f64.powi(i32::from(precision)) {
        return Err(Fault::Range);
    }
    // Below 2^53 the rounded product is exact; above, the shortest digits of the float decide.
    if rounded.abs() < 9_007_199_254_740_992.0 {
        return Ok(rounded as i128);
    }
    decimal(&format!("{value}"), precision, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<i128, Fault>) {
        assert_eq!(decimal(text, 7, 3), expected, "of {text:?}");
    }

    #[test]
    fn decimals_are_exact() {
        check("12.345", Ok(12_345));
        check("-0.5", Ok(-500));
        check("+7", Ok(7_000));
        check(".5", Ok(500));
        check("5.", Ok(5_000));
        check("1.50000000", Ok(1_500));
        check("1.5e2", Ok(150_000));
        check("12345E-3", Ok(12_345));
        check("0e9999", Ok(0));
        check("9999.999", Ok(9_999_999));
    }

    #[test]
    fn decimals_that_do_not_fit_say_why() {
        check("1.2345", Err(Fault::Scale));
        check("10000", Err(Fault::Range));
        check("1e9999", Err(Fault::Range));
        check(
            "99999999999999999999999999999999999999999999",
            Err(Fault::Range),
        );
        for text in ["", "-", ".", "1,5", "12x", "1e", "e5", "NaN", "--1"] {
            check(text, Err(Fault::Type));
        }
    }

    #[test]
    fn a_float_becomes_the_decimal_it_was_meant_to_be() {
        assert_eq!(decimal_near(0.1 + 0.2, 14, 3), Ok(300));
        assert_eq!(decimal_near(-77_183.6, 14, 3), Ok(-77_183_600));
        assert_eq!(decimal_near(0.0, 14, 3), Ok(0));
        assert_eq!(decimal_near(1.0004, 14, 3), Err(Fault::Scale));
        assert_eq!(decimal_near(1e12, 14, 3), Err(Fault::Range));
        assert_eq!(decimal_near(f64::NAN, 14, 3), Err(Fault::Type));
    }

    #[test]
    fn whole_numbers_know_their_bounds() {
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer("9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer("9223372036854775808"), None);
        assert_eq!(integer("+42"), Some(42));
        assert_eq!(integer("000000000000000000000042"), Some(42));
        for text in ["", "-", "4.0", "4 2", "0x1"] {
            assert_eq!(integer(text), None, "of {text:?}");
        }
    }
}
