//! The path of a configuration file: `datadog/<organisation>/<PRODUCT>/<config id>/<name>`, or `employee/...`.
//!
//! The whole path is the file's key in the engine's builder; product and id matter for routing and telemetry only.

/// A product this crate subscribes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Product {
    /// Switches: the engine itself, the collection mode.
    Features,
    /// Complete rule files, which replace the bundled rules.
    Rules,
    /// Overrides, exclusions, custom rules, actions.
    Configuration,
    /// Denylists and other data.
    Data,
}

impl Product {
    /// All products.
    pub const ALL: [Self; 4] = [Self::Features, Self::Rules, Self::Configuration, Self::Data];

    /// The name in paths.
    pub fn name(self) -> &'static str {
        match self {
            Self::Features => "ASM_FEATURES",
            Self::Rules => "ASM_DD",
            Self::Configuration => "ASM",
            Self::Data => "ASM_DATA",
        }
    }
}

/// A parsed path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigPath<'a> {
    /// The product.
    pub product: Product,
    /// The id that remote configuration gave the file.
    pub config_id: &'a str,
}

impl<'a> ConfigPath<'a> {
    /// Parses a path; the error says why it is not one of ours.
    pub fn parse(path: &'a str) -> Result<Self, String> {
        let malformed = || format!("malformed configuration path: {path}");
        let rest = match path.strip_prefix("employee/") {
            Some(rest) => rest,
            None => {
                let (organisation, rest) =
                    path.strip_prefix("datadog/").and_then(|rest| rest.split_once('/')).ok_or_else(malformed)?;
                let digits = !organisation.is_empty() && organisation.bytes().all(|byte| byte.is_ascii_digit());
                if digits { rest } else { return Err(malformed()) }
            }
        };
        let mut parts = rest.split('/');
        let (Some(product), Some(config_id), Some(name), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        if product.is_empty() || config_id.is_empty() || name.is_empty() {
            return Err(malformed());
        }
        let product = Product::ALL.into_iter().find(|known| known.name() == product);
        Ok(Self { product: product.ok_or_else(|| format!("unknown product in {path}"))?, config_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let parsed = ConfigPath::parse("datadog/2/ASM_DATA/blocked/config").unwrap();
        assert_eq!(parsed, ConfigPath { product: Product::Data, config_id: "blocked" });
        assert_eq!(ConfigPath::parse("employee/ASM_FEATURES/x/y").unwrap().product, Product::Features);
        for bad in [
            "",
            "datadog/x/ASM/a/b",
            "datadog//ASM/a/b",
            "datadog/2/ASM/a",
            "datadog/2/ASM/a/b/c",
            "datadog/2/ASM//b",
            "a/2/ASM/a/b",
            "datadog/2/LIVE_DEBUGGING/a/b",
        ] {
            assert!(ConfigPath::parse(bad).is_err(), "{bad}");
        }
    }
}
