//! Blocks as documents for an engine without live sets.

use crate::takeover::detector::Detector;
use crate::takeover::key::HashKey;
use crate::takeover::respond::Target;
use crate::value::Value;

impl Detector {
    /// Returns the blocks as documents for an engine without live sets, by path, with at most `chunk` entries each.
    /// Only changes since the last call are returned; null removes the document of a path.
    pub fn export_rules_data(&self, chunk: usize) -> Value {
        let now_s = self.now_s();
        let (mut addresses, mut users) = (vec![], vec![]);
        let enforced = self.plan().config.settings.response_enabled;
        for block in
            self.blocks.list(0, usize::MAX, now_s).into_iter().rev().filter(|block| enforced || !block.automatic)
        {
            let entry = Value::from_entries([
                ("value", Value::from(block.target.to_string())),
                ("expiration", Value::from(block.until_s.unwrap_or(0))),
            ]);
            match block.target {
                Target::Ip(_) => addresses.push(entry),
                Target::User(_) => users.push(entry),
                Target::Session(_) => {}
            }
        }
        let lists =
            [("blocked_ips", "ip_with_expiration", addresses), ("blocked_users", "data_with_expiration", users)];
        let mut exported = self.exported.lock();
        let mut former = std::mem::take(&mut *exported);
        let mut documents = Value::map();
        for (id, kind, entries) in lists {
            let chunks: Vec<&[Value]> = entries.chunks(chunk.clamp(1, 50_000)).collect();
            for (at, chunk) in chunks.into_iter().enumerate() {
                let path = format!("bartizan/ato/{id}/{at}");
                let data = chunk.iter().cloned().collect::<Value>();
                let list = Value::from_entries([("id", Value::from(id)), ("type", Value::from(kind)), ("data", data)]);
                let document = Value::from_entries([("rules_data", [list].into_iter().collect::<Value>())]);
                let print = HashKey([0, 0]).hash(crate::value::json::to_string(&document).as_bytes());
                if former.remove(&path) != Some(print) {
                    documents.insert(&path, document);
                }
                exported.insert(path, print);
            }
        }
        former.keys().for_each(|path| documents.insert(path, Value::null()));
        documents
    }
}
