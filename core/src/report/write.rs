//! The outcome as the map of the ABI.

use super::{ArgumentMatch, ConditionMatch, Event, Operator, Outcome, ReportedAction};
use crate::config::Text;
use crate::value::{Allocator, Heap, Key, OutOfMemory, Parked, Step, Value};
use std::sync::Arc;

type Written<A> = Result<Value<A>, OutOfMemory>;

impl Outcome {
    /// A map of exactly `events`, `actions`, `duration` (nanoseconds), `timeout`, `attributes`, `keep`, `evaluated`, in
    /// this order.
    pub fn to_value(&self) -> Value {
        let attributes = self.attributes.iter().map(|(name, value)| Ok((name, value.to_value())));
        self.write(attributes, Heap).unwrap_or_default()
    }

    /// The same in a caller's memory; on failure nothing is left behind.
    pub fn into_value_in<A: Allocator + Copy>(mut self, allocator: A) -> Written<A> {
        let attributes = std::mem::take(&mut self.attributes);
        let attributes = attributes.into_iter().map(|(name, value)| Ok((name, moved(value, allocator)?)));
        self.write(attributes, allocator)
    }

    fn write<A: Allocator + Copy>(
        &self,
        named: impl ExactSizeIterator<Item = Result<(impl AsRef<[u8]>, Value<A>), OutOfMemory>>,
        allocator: A,
    ) -> Written<A> {
        let mut map = Value::map_in(7, allocator)?;
        map.try_insert_key(const { Key::new("events") }, array(&self.events, allocator, event)?)?;
        let mut actions = Value::map_in(self.actions.len(), allocator)?;
        for action in &self.actions {
            actions.try_insert(&action.kind, parameters(action, allocator)?)?;
        }
        map.try_insert_key(const { Key::new("actions") }, actions)?;
        let nanos = self.duration.as_nanos() as u64;
        map.try_insert_key(
            const { Key::new("duration") },
            Value::scalar_in(allocator, |object| object.set_unsigned(nanos)),
        )?;
        map.try_insert_key(
            const { Key::new("timeout") },
            Value::scalar_in(allocator, |object| object.set_bool(self.timeout)),
        )?;
        let mut attributes = Value::map_in(named.len(), allocator)?;
        for attribute in named {
            let (name, value) = attribute?;
            attributes.try_insert(name.as_ref(), value)?;
        }
        map.try_insert_key(const { Key::new("attributes") }, attributes)?;
        map.try_insert_key(
            const { Key::new("keep") },
            Value::scalar_in(allocator, |object| object.set_bool(self.keep)),
        )?;
        map.try_insert_key(
            const { Key::new("evaluated") },
            Value::scalar_in(allocator, |object| object.set_unsigned(self.evaluated)),
        )?;
        Ok(map)
    }
}

/// An attribute in a caller's memory: the tree itself where it lies there already and nobody else holds it, else a copy.
fn moved<A: Allocator + Copy>(value: Arc<Parked>, allocator: A) -> Written<A> {
    match Arc::try_unwrap(value).map(|value| value.into_value_in(allocator)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(elsewhere)) => elsewhere.try_to_value(allocator),
        Err(shared) => shared.try_to_value(allocator),
    }
}

fn array<T, A: Allocator + Copy>(items: &[T], allocator: A, write: fn(&T, A) -> Written<A>) -> Written<A> {
    let mut array = Value::array_in(items.len(), allocator)?;
    for item in items {
        array.try_push(write(item, allocator)?)?;
    }
    Ok(array)
}

fn parameters<A: Allocator + Copy>(action: &ReportedAction, allocator: A) -> Written<A> {
    let mut map = Value::map_in(action.parameters.len(), allocator)?;
    for (name, value) in &action.parameters {
        map.try_insert(name, value.try_to_value(allocator)?)?;
    }
    Ok(map)
}

fn event<A: Allocator + Copy>(event: &Event, allocator: A) -> Written<A> {
    let text = |bytes: &[u8]| Value::string_in(bytes, allocator);
    let mut rule = Value::map_in(4, allocator)?;
    rule.try_insert_key(const { Key::new("id") }, text(&event.rule.id)?)?;
    rule.try_insert_key(const { Key::new("name") }, text(&event.rule.name)?)?;
    rule.try_insert_key(
        const { Key::new("on_match") },
        array(&event.rule.on_match, allocator, |id: &Text, a| Value::string_in(id, a))?,
    )?;
    let mut tags = Value::map_in(event.rule.tags.len(), allocator)?;
    for (name, value) in &event.rule.tags {
        tags.try_insert(name, text(value)?)?;
    }
    rule.try_insert_key(const { Key::new("tags") }, tags)?;

    let ids = [("stack_id", &event.stack_id), ("security_response_id", &event.security_response_id)];
    let mut map = Value::map_in(2 + ids.iter().filter(|(_, id)| id.is_some()).count(), allocator)?;
    map.try_insert_key(const { Key::new("rule") }, rule)?;
    map.try_insert_key(const { Key::new("rule_matches") }, array(&event.matches, allocator, condition)?)?;
    for (name, id) in ids {
        if let Some(id) = id {
            map.try_insert(name.as_bytes(), text(id.as_bytes())?)?;
        }
    }
    Ok(map)
}

fn condition<A: Allocator + Copy>(found: &ConditionMatch, allocator: A) -> Written<A> {
    let mut map = Value::map_in(3, allocator)?;
    let operator = match found.operator {
        Operator { name, negated: false } => Value::string_in(name.as_bytes(), allocator)?,
        negated => Value::string_in(negated.to_string().as_bytes(), allocator)?,
    };
    map.try_insert_key(const { Key::new("operator") }, operator)?;
    map.try_insert_key(const { Key::new("operator_value") }, Value::string_in(&found.operator_value, allocator)?)?;
    let mut outer = Value::map_in(4, allocator)?;
    match &found.arguments[..] {
        [single] if single.name == "input" => argument(single, &mut outer, allocator)?,
        several => {
            for one in several {
                let mut inner = Value::map_in(3, allocator)?;
                argument(one, &mut inner, allocator)?;
                outer.try_insert(one.name.as_bytes(), inner)?;
            }
        }
    }
    let highlight = array(&found.highlight, allocator, |part: &Vec<u8>, a| Value::string_in(part, a))?;
    outer.try_insert_key(const { Key::new("highlight") }, highlight)?;
    let mut parameters = Value::array_in(1, allocator)?;
    parameters.try_push(outer)?;
    map.try_insert_key(const { Key::new("parameters") }, parameters)?;
    Ok(map)
}

fn argument<A: Allocator + Copy>(
    argument: &ArgumentMatch,
    map: &mut Value<A>,
    allocator: A,
) -> Result<(), OutOfMemory> {
    map.try_insert_key(const { Key::new("address") }, Value::string_in(&argument.address, allocator)?)?;
    map.try_insert_key(const { Key::new("value") }, Value::string_in(&argument.value, allocator)?)?;
    let step = |step: &Step, allocator: A| match step {
        Step::Key(key) => Value::string_in(key, allocator),
        Step::Index(index) => Ok(Value::scalar_in(allocator, |object| object.set_signed(*index))),
    };
    map.try_insert_key(const { Key::new("key_path") }, array(&argument.key_path, allocator, step)?)
}
