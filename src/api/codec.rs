//! How messages become bytes: as prost does it, in buffers of the size that most messages have.
//!
//! tonic's own buffers take 8 KiB for each direction of each call, and are gone when it ends; nearly
//! all messages here are a few hundred bytes. A buffer grows when a message needs more.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::ProstCodec;

/// The bytes a buffer begins with.
const BUFFER: usize = 512;

/// How many bytes of a stream are gathered before they are sent; tonic's own measure.
const YIELD: usize = 32 * 1024;

/// The codec of all services and clients.
#[derive(Debug)]
pub struct Codes<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Codes<T, U> {
    fn default() -> Codes<T, U> {
        Codes(PhantomData)
    }
}

impl<T: Message + Send + 'static, U: Message + Default + Send + 'static> Codec for Codes<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = <ProstCodec<T, U> as Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(BUFFER, YIELD))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(BUFFER, YIELD))
    }
}
