//! The factors as data of NautilusTrader: what travels on the node's message bus.

use dolphin_region::Record;
use nautilus_core::UnixNanos;
use nautilus_model::data::{CustomDataTrait, HasTsInit};
use std::any::Any;
use std::sync::Arc;

/// One record of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalFactors {
    /// The factors' names, shared by all records of a schema.
    pub names: Arc<[String]>,
    /// The record; NaN: no value now.
    pub record: Record,
    /// When the node received it.
    pub ts_init: UnixNanos,
}

impl ExternalFactors {
    /// The name of the type, of which the bus makes its topic; as the one in Python.
    pub const TYPE_NAME: &str = "ExternalFactors";
}

impl HasTsInit for ExternalFactors {
    fn ts_init(&self) -> UnixNanos {
        self.ts_init
    }
}

impl CustomDataTrait for ExternalFactors {
    fn type_name(&self) -> &'static str {
        Self::TYPE_NAME
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn ts_event(&self) -> UnixNanos {
        UnixNanos::from(self.record.ts_event.unsigned_abs()) // a region has none below 0
    }

    fn to_json(&self) -> anyhow::Result<String> {
        let values: serde_json::Map<_, _> = self
            .names
            .iter()
            .zip(&self.record.values)
            .map(|(name, &value)| (name.clone(), value.into())) // NaN becomes null
            .collect();
        Ok(serde_json::json!({
            "sequence": self.record.sequence,
            "ts_event": self.record.ts_event,
            "values": values,
        })
        .to_string())
    }

    fn clone_arc(&self) -> Arc<dyn CustomDataTrait> {
        Arc::new(self.clone())
    }

    fn eq_arc(&self, other: &dyn CustomDataTrait) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }
}
