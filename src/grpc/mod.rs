//! The door (门): one file per service, one screen per RPC.

pub mod convert;
