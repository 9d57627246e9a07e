//! Values of a TOML file as they are written: numbers, and what was found in words.

use toml::de::DeValue;

/// A whole number that is not negative.
pub fn whole(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A number, whole or not, that is finite.
pub fn number(value: &DeValue<'_>) -> Option<f64> {
    let number = match (value.as_integer(), value.as_float()) {
        (Some(whole), _) => i64::from_str_radix(whole.as_str(), whole.radix()).ok()? as f64,
        (_, Some(float)) => float.as_str().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Longest text that an error repeats.
const LONGEST: usize = 40;

/// What was found, in words.
pub fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.chars().count() > LONGEST => {
            format!("{:?}...", text.chars().take(LONGEST).collect::<String>())
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
