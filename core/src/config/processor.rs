//! Processors derive new addresses or attributes from the input.

use super::condition::{self, Condition, Defaults, key_path};
use super::matcher;
use super::reference::{self, Reference};
use super::rule::check_versions;
use crate::fields::read::{self, Fields, element, quoted};
use crate::fields::refusal::Refusal;
use crate::matcher::Matcher;
use crate::pattern::PatternCache;
use crate::processor::Generator;
use crate::value::Text;
use crate::value::{Object, Step};
use std::sync::Arc;

/// A processor as configured.
#[derive(Clone)]
pub struct Processor {
    /// Unique over all processors.
    pub id: Text,
    /// The generator of its results.
    pub generator: Generator,
    /// All must hold.
    pub conditions: Arc<[Condition]>,
    /// Its inputs, and the names of its results.
    pub mappings: Vec<Mapping>,
    /// The scanners it uses (schemas only).
    pub scanners: Vec<Reference>,
    /// Whether the result becomes an address (the processor then runs before the rules).
    pub evaluate: bool,
    /// Whether the result becomes an attribute.
    pub output: bool,
}

/// One way a processor is applied.
#[derive(Clone)]
pub struct Mapping {
    /// One input per parameter of the generator, in its order.
    pub inputs: Vec<MappingInput>,
    /// The name of the resulting address or attribute.
    pub output: Text,
}

/// One input of a mapping.
#[derive(Clone)]
pub struct MappingInput {
    /// The address.
    pub address: Text,
    /// The path within it, which only some generators use.
    pub key_path: Vec<Step>,
}

/// Reads a processor, after its id.
pub fn parse(fields: &Fields<'_>, id: Text, patterns: &mut PatternCache) -> Result<Processor, Refusal> {
    check_versions(fields)?;
    let name = fields.required("generator", read::text)?;
    let generator = std::str::from_utf8(&name)
        .ok()
        .and_then(Generator::from_name)
        .ok_or_else(|| Refusal::warning(quoted("unknown generator: ", &name)))?;
    let conditions = fields.optional("conditions", read::array)?.unwrap_or_default();
    let conditions = condition::parse_all(conditions, &Defaults::default(), patterns)?.into();
    let parameters = fields.required("parameters", read::map)?;
    let mappings = parameters.required("mappings", read::array)?;
    if mappings.is_empty() {
        return Err(Refusal::error("empty mappings"));
    }
    let mappings = mappings.iter().map(|m| mapping(m, generator)).collect::<Result<_, _>>()?;
    let scanners = reference::optional(&parameters, "scanners")?;
    let evaluate = fields.optional("evaluate", read::boolean)?.unwrap_or(true);
    let output = fields.optional("output", read::boolean)?.unwrap_or(false);
    if !evaluate && !output {
        return Err(Refusal::about_id("processor not used for evaluation or output"));
    }
    Ok(Processor { id, generator, conditions, mappings, scanners, evaluate, output })
}

fn mapping(mapping: &Object, generator: Generator) -> Result<Mapping, Refusal> {
    let fields = element(mapping, read::map)?;
    let mut inputs = vec![];
    for parameter in generator.parameters() {
        let candidates = fields.required(parameter.name, read::array)?;
        let first = candidates.first().ok_or_else(|| Refusal::error("empty processor input mapping"))?;
        let first = element(first, read::map)?;
        let address = first.required("address", read::text)?;
        inputs.push(MappingInput { address, key_path: key_path(&first)? });
    }
    Ok(Mapping { inputs, output: fields.required("output", read::text)? })
}

/// A scanner, which recognises kinds of data for schemas.
#[derive(Clone)]
pub struct ScannerSpec {
    /// Unique over all scanners.
    pub id: Text,
    /// Reported in the schema.
    pub tags: Vec<(Text, Text)>,
    /// Matches keys.
    pub key: Option<Arc<Matcher>>,
    /// Matches values.
    pub value: Option<Arc<Matcher>>,
}

/// Reads a scanner, after its id.
pub fn parse_scanner(fields: &Fields<'_>, id: Text, patterns: &mut PatternCache) -> Result<ScannerSpec, Refusal> {
    check_versions(fields)?;
    let tags = fields.required("tags", read::text_map)?;
    let mut side = |name| match fields.optional_unkeyed(name, read::map)? {
        Some(body) => matcher::parse_for_scanner(&body, patterns),
        None => Ok(None),
    };
    let (key, value) = (side("key")?, side("value")?);
    if key.is_none() && value.is_none() {
        return Err(Refusal::about_id("scanner has no key or value matcher"));
    }
    Ok(ScannerSpec { id, tags, key, value })
}
