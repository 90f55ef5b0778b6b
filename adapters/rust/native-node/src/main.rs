//! A NautilusTrader node in Rust that follows a region, and prints what reaches an actor of it:
//!
//! ```text
//! cargo run -- /dev/shm/dolphin_exf 100
//! ```
mod external_factors;
mod factor_feed;

use crate::external_factors::ExternalFactors;
use crate::factor_feed::FactorFeed;
use dolphin_region::Region;
use nautilus_common::actor::{DataActor, DataActorConfig, DataActorCore};
use nautilus_common::enums::Environment;
use nautilus_common::nautilus_actor;
use nautilus_live::node::{LiveNode, LiveNodeHandle};
use nautilus_model::data::{CustomData, DataType};
use nautilus_model::identifiers::{ActorId, TraderId};

/// Stands for a strategy: prints each record that the bus delivers, and stops the node after some.
#[derive(Debug)]
struct Printer {
    core: DataActorCore,
    node: LiveNodeHandle,
    left: u64,
}

nautilus_actor!(Printer);

impl DataActor for Printer {
    fn on_start(&mut self) -> anyhow::Result<()> {
        let data_type = DataType::new(ExternalFactors::TYPE_NAME, None, None);
        self.subscribe_data(data_type, None, None);
        println!("subscribed");
        Ok(())
    }

    fn on_stop(&mut self) -> anyhow::Result<()> {
        let data_type = DataType::new(ExternalFactors::TYPE_NAME, None, None);
        self.unsubscribe_data(data_type, None, None);
        Ok(())
    }

    fn on_data(&mut self, data: &CustomData) -> anyhow::Result<()> {
        if let Some(f) = data.data.as_any().downcast_ref::<ExternalFactors>()
            && self.left > 0
        {
            println!("factors {} {:?}", f.record.sequence, f.record.values);
            self.left -= 1;
            if self.left == 0 {
                self.node.stop();
            }
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(count)) = (
        arguments.next(),
        arguments.next().and_then(|text| text.parse().ok()),
    ) else {
        eprintln!("usage: native-node PATH COUNT");
        std::process::exit(2);
    };
    let region = Region::open(path)?;
    let mut node = LiveNode::builder(TraderId::from("NATIVE-001"), Environment::Sandbox)?
        .with_name("NATIVE")
        .with_reconciliation(false)
        .with_delay_post_stop_secs(0)
        .build()?;
    let printer = Printer {
        core: DataActorCore::new(DataActorConfig {
            actor_id: Some(ActorId::from("Printer-001")),
            ..Default::default()
        }),
        node: node.handle(),
        left: count,
    };
    node.add_actor(printer)?;
    node.add_actor(FactorFeed::new(region))?;
    node.run().await
}
