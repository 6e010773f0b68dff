//! Caixing (财行): consolidated filing of China's property-and-behaviour taxes over gRPC.
//!
//! One form, one filing, one payment, one voucher (一张报表、一次申报、一次缴纳、一张凭证). The
//! modules below stand in the order a request walks them; each uses only what stands before it.

pub mod pb;

pub mod types;

pub mod rules;

pub mod tax;

pub mod clock;

pub mod signing;
pub mod telemetry;

pub mod filing;

pub mod store;

pub mod gateway;

pub mod render;

pub mod grpc;

pub mod worker;

pub mod server;

pub mod cli;
