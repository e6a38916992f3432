//! The outcome as the map of the ABI.

use super::{ArgumentMatch, ConditionMatch, Event, EventRule, Operator, Outcome, ReportedAction};
use crate::value::{Allocator, Array, Heap, Input, Key, Map, Object, OutOfMemory, Step, Value};
use std::sync::Arc;

type Written = Result<(), OutOfMemory>;

impl Outcome {
    /// A map with exactly `events`, `actions`, `duration` (nanoseconds), `timeout`, `attributes`, `keep`, `evaluated`,
    /// in this order.
    pub fn to_value(&self) -> Value {
        let attributes = self.attributes.iter().map(|(name, value)| Ok((name, value.to_value())));
        self.write(attributes, Heap).unwrap_or_default()
    }

    /// The same in a caller's memory; attributes are moved there where possible. On failure nothing is left allocated.
    pub fn take_value_in<A: Allocator + Copy>(&mut self, allocator: A) -> Result<Value<A>, OutOfMemory> {
        let attributes = std::mem::take(&mut self.attributes);
        let attributes = attributes.into_iter().map(|(name, value)| Ok((name, moved(value, allocator)?)));
        self.write(attributes, allocator)
    }

    fn write<A: Allocator + Copy>(
        &self,
        named: impl ExactSizeIterator<Item = Result<(impl AsRef<[u8]>, Value<A>), OutOfMemory>>,
        allocator: A,
    ) -> Result<Value<A>, OutOfMemory> {
        let mut result = Value::invalid_in(allocator);
        let mut map = Map::new_in(result.place(), 7, allocator)?;
        array(&self.events, map.place(const { Key::new("events") }), allocator, event)?;
        let mut actions = Map::new_in(map.place(const { Key::new("actions") }), self.actions.len(), allocator)?;
        for action in &self.actions {
            parameters(action, actions.try_place_at(&action.kind)?, allocator)?;
        }
        drop(actions);
        map.place(const { Key::new("duration") }).set_unsigned(self.duration.as_nanos() as u64);
        map.place(const { Key::new("timeout") }).set_bool(self.timeout);
        let mut attributes = Map::new_in(map.place(const { Key::new("attributes") }), named.len(), allocator)?;
        for attribute in named {
            let (name, value) = attribute?;
            // The place is made first, as a value without a place would not be freed.
            let place = attributes.try_place_at(name.as_ref())?;
            *place = value.into_object();
        }
        drop(attributes);
        map.place(const { Key::new("keep") }).set_bool(self.keep);
        map.place(const { Key::new("evaluated") }).set_unsigned(self.evaluated);
        drop(map);
        Ok(result)
    }
}

impl Event {
    /// The map of this event.
    pub fn to_value(&self) -> Value {
        let mut value = Value::invalid_in(Heap);
        event(self, value.place(), Heap).map(|()| value).unwrap_or_default()
    }
}

/// An attribute in a caller's memory: moved if it is there already and not shared, else copied.
fn moved<A: Allocator + Copy>(value: Arc<Input>, allocator: A) -> Result<Value<A>, OutOfMemory> {
    match Arc::try_unwrap(value).map(|value| value.into_value_in(allocator)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(elsewhere)) => elsewhere.try_to_value(allocator),
        Err(shared) => shared.try_to_value(allocator),
    }
}

fn array<T, A: Allocator + Copy>(
    items: &[T],
    place: &mut Object,
    allocator: A,
    write: fn(&T, &mut Object, A) -> Written,
) -> Written {
    let mut array = Array::new_in(place, items.len(), allocator)?;
    items.iter().try_for_each(|item| write(item, array.place(), allocator))
}

fn text<T: AsRef<[u8]> + ?Sized, A: Allocator + Copy>(text: &T, place: &mut Object, allocator: A) -> Written {
    place.try_put_text(text.as_ref(), allocator)
}

fn parameters<A: Allocator + Copy>(action: &ReportedAction, place: &mut Object, allocator: A) -> Written {
    let mut map = Map::new_in(place, action.parameters.len(), allocator)?;
    for (name, value) in &action.parameters {
        let place = map.try_place_at(name)?;
        *place = value.try_to_value(allocator)?.into_object();
    }
    Ok(())
}

fn event<A: Allocator + Copy>(event: &Event, place: &mut Object, allocator: A) -> Written {
    let ids = [("stack_id", &event.stack_id), ("security_response_id", &event.security_response_id)];
    let room = 2 + ids.iter().filter(|(_, id)| id.is_some()).count();
    let mut map = Map::new_in(place, room, allocator)?;
    rule(&event.rule, map.place(const { Key::new("rule") }), allocator)?;
    array(&event.matches, map.place(const { Key::new("rule_matches") }), allocator, condition)?;
    for (name, id) in ids {
        if let Some(id) = id {
            text(id.as_bytes(), map.try_place_at(name.as_bytes())?, allocator)?;
        }
    }
    Ok(())
}

fn rule<A: Allocator + Copy>(rule: &EventRule, place: &mut Object, allocator: A) -> Written {
    let mut map = Map::new_in(place, 4, allocator)?;
    text(&rule.id, map.place(const { Key::new("id") }), allocator)?;
    text(&rule.name, map.place(const { Key::new("name") }), allocator)?;
    array(&rule.on_match, map.place(const { Key::new("on_match") }), allocator, text)?;
    let mut tags = Map::new_in(map.place(const { Key::new("tags") }), rule.tags.len(), allocator)?;
    rule.tags.iter().try_for_each(|(name, value)| text(value, tags.try_place_at(name)?, allocator))
}

fn condition<A: Allocator + Copy>(found: &ConditionMatch, place: &mut Object, allocator: A) -> Written {
    let mut map = Map::new_in(place, 3, allocator)?;
    let operator = map.place(const { Key::new("operator") });
    match found.operator {
        Operator { name, negated: false } => text(name, operator, allocator)?,
        negated => text(&negated.to_string(), operator, allocator)?,
    }
    text(&found.operator_value, map.place(const { Key::new("operator_value") }), allocator)?;
    let mut parameters = Array::new_in(map.place(const { Key::new("parameters") }), 1, allocator)?;
    let parameters = parameters.place();
    let highlight = const { Key::new("highlight") };
    match &found.arguments[..] {
        [single] if single.name == "input" => {
            let mut map = Map::new_in(parameters, 4, allocator)?;
            argument(single, &mut map, allocator)?;
            array(&found.highlight, map.place(highlight), allocator, text)
        }
        several => {
            let mut map = Map::new_in(parameters, several.len() + 1, allocator)?;
            for one in several {
                let mut map = Map::new_in(map.try_place_at(one.name.as_bytes())?, 3, allocator)?;
                argument(one, &mut map, allocator)?;
            }
            array(&found.highlight, map.place(highlight), allocator, text)
        }
    }
}

/// Writes three entries.
fn argument<A: Allocator + Copy>(argument: &ArgumentMatch, map: &mut Map<'_, A>, allocator: A) -> Written {
    text(&argument.address, map.place(const { Key::new("address") }), allocator)?;
    text(&argument.value, map.place(const { Key::new("value") }), allocator)?;
    array(&argument.key_path, map.place(const { Key::new("key_path") }), allocator, step)
}

fn step<A: Allocator + Copy>(step: &Step, place: &mut Object, allocator: A) -> Written {
    match step {
        Step::Key(key) => text(key, place, allocator),
        Step::Index(index) => {
            place.set_signed(*index);
            Ok(())
        }
    }
}
