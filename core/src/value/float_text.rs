//! Floats as text, as the reference and each host language print them.
//!
//! The digits are the same everywhere: the shortest that read back to the same number. The styles differ in the
//! threshold for the exponent, in whether whole numbers have a fraction, and in the names of the non-finite values.

/// How floats are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FloatStyle {
    /// `1.0`, `1e+16`, `1e-05`, `nan`, `inf`
    #[default]
    Python,
    /// `1`, `10000000000000000`, `0.00001`, `NaN`, `Infinity`
    JavaScript,
    /// `1`, `1e+16`, `1e-05`, `nan`, `inf`: as C++ prints them, and so the reference.
    Reference,
}

/// The rules of a style.
struct Rules {
    nan: &'static str,
    infinity: &'static str,
    /// Zero, and zero with a sign.
    zeros: [&'static str; 2],
    /// The exponents of ten at which no exponent is printed.
    plain: std::ops::Range<i32>,
    /// The suffix of whole numbers.
    whole: &'static str,
    /// The least number of digits of an exponent.
    exponent_digits: usize,
}

impl FloatStyle {
    const fn rules(self) -> Rules {
        match self {
            Self::Python => Rules {
                nan: "nan",
                infinity: "inf",
                zeros: ["0.0", "-0.0"],
                plain: -4..16,
                whole: ".0",
                exponent_digits: 2,
            },
            Self::JavaScript => Rules {
                nan: "NaN",
                infinity: "Infinity",
                zeros: ["0", "0"],
                plain: -6..21,
                whole: "",
                exponent_digits: 1,
            },
            Self::Reference => {
                Rules { nan: "nan", infinity: "inf", zeros: ["0", "-0"], plain: -4..16, whole: "", exponent_digits: 2 }
            }
        }
    }

    /// The text of a float.
    ///
    /// ```
    /// use bartizan::value::FloatStyle;
    /// assert_eq!(FloatStyle::Reference.print(5.0), "5");
    /// assert_eq!(FloatStyle::Python.print(5.0), "5.0");
    /// assert_eq!(FloatStyle::JavaScript.print(1e16), "10000000000000000");
    /// ```
    pub fn print(self, value: f64) -> String {
        let Rules { nan, infinity, zeros, plain, whole, exponent_digits } = self.rules();
        if value.is_nan() {
            return nan.into();
        }
        if value.is_infinite() {
            return if value < 0.0 { format!("-{infinity}") } else { infinity.into() };
        }
        if value == 0.0 {
            return zeros[usize::from(value.is_sign_negative())].into();
        }
        let scientific = format!("{value:e}"); // d.ddde[-]x, the shortest digits
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if plain.contains(&exponent) {
            let text = value.to_string(); // never an exponent
            return if text.contains('.') { text } else { text + whole };
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:0exponent_digits$}", exponent.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_each_language() {
        for (value, python, javascript, reference) in [
            (12.5, "12.5", "12.5", "12.5"),
            (1.0, "1.0", "1", "1"),
            (0.0, "0.0", "0", "0"),
            (-0.0, "-0.0", "0", "-0"),
            (0.1, "0.1", "0.1", "0.1"),
            (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004", "0.30000000000000004"),
            (1e15, "1000000000000000.0", "1000000000000000", "1000000000000000"),
            (9999999999999998.0, "9999999999999998.0", "9999999999999998", "9999999999999998"),
            (1e16, "1e+16", "10000000000000000", "1e+16"),
            (1.5e16, "1.5e+16", "15000000000000000", "1.5e+16"),
            (2f64.powi(63), "9.223372036854776e+18", "9223372036854776000", "9.223372036854776e+18"),
            (1e21, "1e+21", "1e+21", "1e+21"),
            (1.5e300, "1.5e+300", "1.5e+300", "1.5e+300"),
            (0.0001, "0.0001", "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001", "1e-05"),
            (1e-7, "1e-07", "1e-7", "1e-07"),
            (5e-324, "5e-324", "5e-324", "5e-324"),
            (f64::NAN, "nan", "NaN", "nan"),
            (f64::INFINITY, "inf", "Infinity", "inf"),
            (f64::NEG_INFINITY, "-inf", "-Infinity", "-inf"),
        ] {
            assert_eq!(FloatStyle::Python.print(value), python);
            assert_eq!(FloatStyle::JavaScript.print(value), javascript);
            assert_eq!(FloatStyle::Reference.print(value), reference);
        }
    }
}
