//! krepis
fn main(){}
