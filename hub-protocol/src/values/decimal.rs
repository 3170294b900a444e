//! `Decimal`: .NET's 96-bit number with its places behind the point.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use super::text;

/// A decimal number, exact: up to 2⁹⁶ − 1 and 28 digits behind the point.
///
/// JSON has a number and MessagePack a text, both with the digits as they are: `1.50` is not `1.5`. Nothing is
/// rounded; what does not fit is refused. In JSON it is read from a number's own digits, so types that keep
/// values for later (serde's `flatten` and `untagged`) cannot hold one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    digits: u128,
    /// How many of the digits are behind the point.
    scale: u8,
}

const MOST_DIGITS: u128 = (1 << 96) - 1;
const MOST_SCALE: i32 = 28;

impl Decimal {
    /// Reads `[-]digits[.digits][e[±]digits]`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (number, ""),
        };
        if whole.is_empty() || exponent.len() > 4 {
            return None;
        }
        let mut scale = i32::try_from(fraction.len())
            .ok()?
            .checked_sub(exponent.parse().ok()?)?;
        let mut digits = 0_u128;
        for digit in whole.chars().chain(fraction.chars()) {
            let digit = u128::from(digit.to_digit(10)?);
            digits = digits.checked_mul(10)?.checked_add(digit)?;
        }
        // Zeros move between the digits and the scale, which says the same.
        while scale < 0 && digits > 0 {
            digits = digits.checked_mul(10)?;
            scale += 1;
        }
        while (scale > MOST_SCALE || digits > MOST_DIGITS) && scale > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            scale -= 1;
        }
        let scale = u8::try_from(scale.max(0))
            .ok()
            .filter(|scale| i32::from(*scale) <= MOST_SCALE)?;
        (digits <= MOST_DIGITS).then_some(Self {
            negative,
            digits,
            scale,
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        // At least one digit in front of the point.
        let digits = format!("{:0>width$}", self.digits, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.negative { "-" } else { "" };
        let point = if scale == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let number = RawValue::from_string(self.to_string());
        number
            .map_err(|_| serde::ser::Error::custom("a decimal is a number"))?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return text::read(deserializer, "a decimal number", Self::parse);
        }
        let number = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(number.get()).ok_or_else(|| de::Error::custom("expected a number that a decimal can hold"))
    }
}
