//! Clusters for analysts: defining them, when their traits occur, and whether they explain an attack.

use super::Result;
use super::arguments::{argument, only, string};
use crate::takeover::detector::Detector;
use crate::takeover::mining::Item;
use crate::takeover::service::Service;
use crate::value::{Object, Value};
use std::sync::Arc;

impl Detector {
    /// Defines a cluster of the attack that a signal is about: `signal`, `cluster` (its id) and `items`, a map from
    /// dimensions to a value or a list of values as signals print them. Its metrics are known after the next search,
    /// within a minute; a rule of it only reports.
    pub fn define_cluster(&self, arguments: &Object) -> Result<Value> {
        only(arguments, &[&["signal", "cluster", "items"]])?;
        let id = string(arguments, "cluster")?.ok_or("the argument `cluster` must be given")?;
        let items = argument(arguments, "items").ok_or("the argument `items` must be given")?;
        let items = Item::read(items)?;
        let shown = Item::print(&items);
        self.attacked(arguments)?.define_cluster(&self.signal_argument(arguments)?, &id, items)?;
        Ok(Value::from_entries([("id", Value::from(&id)), ("items", shown)]))
    }

    /// Returns how many logins per hour have the traits of a cluster, before the attack and during it: `signal`, and `cluster`,
    /// which is the id of one or a map of items. Each hour has `at`, `during`, `logins` and `matches`, as estimated from samples.
    pub fn explore(&self, arguments: &Object) -> Result<Value> {
        only(arguments, &[&["signal", "cluster"]])?;
        let signal = self.signal_argument(arguments)?;
        let service = self.attacked(arguments)?;
        let items = match argument(arguments, "cluster").filter(|cluster| cluster.is_map()) {
            Some(items) => Item::read(items)?,
            None => {
                let id = string(arguments, "cluster")?.ok_or("the argument `cluster` must be given")?;
                service.cluster_items(&signal, &id).ok_or_else(|| format!("there is no cluster `{id}`"))?
            }
        };
        let hours = service.explore(&signal, &items)?;
        let hours = hours.into_iter().map(|hour| {
            Value::from_entries([
                ("at", Value::from(hour.at_s)),
                ("during", Value::from(hour.during)),
                ("logins", Value::from(hour.logins)),
                ("matches", Value::from((hour.matches * 10.0).round() / 10.0)),
            ])
        });
        Ok(hours.collect())
    }

    /// Tests whether the clusters explain the attack of the `signal`: `residual`, the failures that none of them matches
    /// relative to the expected number (about 1 if they do), and `present_before`, the matches per hour of each before the
    /// attack relative to those during it (above 0.05 honest users match, too).
    pub fn isolate(&self, arguments: &Object) -> Result<Value> {
        only(arguments, &[&["signal"]])?;
        let isolated = self.attacked(arguments)?.isolate(&self.signal_argument(arguments)?, self.now_s() as u32)?;
        let rounded = |number: f64| Value::from((number * 1000.0).round() / 1000.0);
        let before = isolated.present_before.into_iter().map(|(id, share)| (id, rounded(share)));
        Ok(Value::from_entries([
            ("residual", rounded(isolated.residual)),
            ("present_before", Value::from_entries(before)),
        ]))
    }

    fn signal_argument(&self, arguments: &Object) -> Result<String> {
        string(arguments, "signal")?.ok_or_else(|| "the argument `signal` must be given".into())
    }

    /// The service that a signal is about.
    fn attacked(&self, arguments: &Object) -> Result<Arc<Service>> {
        let id = self.signal_argument(arguments)?;
        let services = self.all_services();
        let service = services.iter().find(|service| service.inner().signals.by_id(&id).is_some());
        service.cloned().ok_or_else(|| format!("there is no signal `{id}`"))
    }
}
