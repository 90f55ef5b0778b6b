//! The actor that publishes a region's records on the message bus, every one in order.

use crate::external_factors::ExternalFactors;
use dolphin_region::{Read, Record, Region};
use nautilus_common::actor::{DataActor, DataActorConfig, DataActorCore};
use nautilus_common::nautilus_actor;
use nautilus_common::timer::TimeEvent;
use nautilus_model::data::{CustomData, DataType};
use nautilus_model::identifiers::ActorId;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TIMER: &str = "dolphin.factor-feed";
/// The node's runtime has no shorter one; a thread that waits for the region would be sooner.
const INTERVAL: Duration = Duration::from_millis(1);
/// The longest time in which records are published and nothing else is done.
const TURN: Duration = Duration::from_millis(5);
/// Without a record for so many looks it asks whether the path still holds this file.
const LOOKS_TO_CHECK: u32 = 100;

pub struct FactorFeed {
    core: DataActorCore,
    region: Region,
    record: Record,
    names: Arc<[String]>,
    data_type: DataType,
    empty_looks: u32,
}

impl FactorFeed {
    pub fn new(region: Region) -> Self {
        let config = DataActorConfig {
            actor_id: Some(ActorId::from("FactorFeed-001")),
            ..Default::default()
        };
        Self {
            core: DataActorCore::new(config),
            record: region.record(),
            names: region.names().into(),
            data_type: DataType::new(ExternalFactors::TYPE_NAME, None, None),
            region,
            empty_looks: 0,
        }
    }

    /// Attaches the file that is at the path now, whose names may be others.
    fn follow(&mut self) -> anyhow::Result<()> {
        self.region.reattach()?;
        self.record = self.region.record();
        self.names = self.region.names().into();
        Ok(())
    }

    fn publish(&self) {
        let factors = ExternalFactors {
            names: self.names.clone(),
            record: self.record.clone(),
            ts_init: self.clock().timestamp_ns(),
        };
        let data = CustomData::new(Arc::new(factors), self.data_type.clone());
        self.publish_data(&self.data_type, &data);
    }

    fn look(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        // A producer may be as fast as this: the node's other work has its turn, then the next look
        // goes on.
        while began.elapsed() < TURN {
            match self.region.read_next(&mut self.record)? {
                Read::Record => {
                    self.empty_looks = 0;
                    self.publish();
                }
                Read::Moved => self.follow()?,
                Read::Overtaken => {}
                Read::Nothing => {
                    self.check_path();
                    break;
                }
            }
        }
        Ok(())
    }

    fn check_path(&mut self) {
        self.empty_looks += 1;
        if self.empty_looks % LOOKS_TO_CHECK == 0 && !self.region.is_current() {
            // Its producer may not have made the next one yet: in 100 looks it is tried again.
            let _ = self.follow();
        }
    }
}

nautilus_actor!(FactorFeed);

impl fmt::Debug for FactorFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FactorFeed after record {}", self.region.position())
    }
}

impl DataActor for FactorFeed {
    fn on_start(&mut self) -> anyhow::Result<()> {
        self.clock()
            .set_timer(TIMER, INTERVAL, None, None, None, None, None)
    }

    fn on_stop(&mut self) -> anyhow::Result<()> {
        self.clock().cancel_timer(TIMER);
        println!("{} lost", self.region.lost());
        Ok(())
    }

    fn on_time_event(&mut self, _event: &TimeEvent) -> anyhow::Result<()> {
        self.look()
    }
}
