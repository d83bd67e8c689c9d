//! Messages read by their descriptors: a request field by field, for people who have to agree to it,
//! so that every method that can wait is shown alike; and any message as JSON.

use std::sync::OnceLock;

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};

use crate::api::v1;
use crate::api::{convert, google_type};
use crate::locale::number::format_amount;

/// The descriptors of everything, as the build wrote them.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The fields of a request that has a name such as `/simpul.v1.LoanService/WriteOffLoanRequest`;
/// `None` when these are not its bytes.
pub fn of(name: &str, request: &[u8]) -> Option<Vec<v1::ApprovalField>> {
    let message = name.rsplit('/').next()?;
    let message = decoded(&format!("simpul.v1.{message}"), request)?;
    let mut fields = Vec::new();
    collect(&message, "", &mut fields);
    Some(fields)
}

/// A message by its full name as JSON, in the canonical form of protobuf; `None` when these are not
/// its bytes.
pub fn json(name: &str, bytes: &[u8]) -> Option<serde_json::Value> {
    serde_json::to_value(decoded(name, bytes)?).ok()
}

fn decoded(name: &str, bytes: &[u8]) -> Option<DynamicMessage> {
    static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| DescriptorPool::decode(DESCRIPTORS).ok()).as_ref()?;
    DynamicMessage::decode(pool.get_message_by_name(name)?, bytes).ok()
}

fn collect(message: &DynamicMessage, within: &str, fields: &mut Vec<v1::ApprovalField>) {
    for (field, value) in message.fields() {
        let path = match within {
            "" => field.name().to_owned(),
            within => format!("{within}.{}", field.name()),
        };
        match value {
            Value::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    one(&field, value, format!("{path}[{index}]"), fields);
                }
            }
            value => one(&field, value, path, fields),
        }
    }
}

fn one(field: &FieldDescriptor, value: &Value, path: String, fields: &mut Vec<v1::ApprovalField>) {
    let text = match (value, field.kind()) {
        (Value::Message(message), _) => match plain(message) {
            Some(text) => text,
            None => return collect(message, &path, fields),
        },
        (Value::EnumNumber(number), Kind::Enum(names)) => {
            let name = names.get_value(*number).map(|value| value.name().to_owned());
            name.unwrap_or_else(|| number.to_string())
        }
        (Value::String(text), _) => text.clone(),
        (Value::Bool(yes), _) => yes.to_string(),
        (Value::I32(number), _) => number.to_string(),
        (Value::I64(number), _) => number.to_string(),
        (Value::U32(number), _) => number.to_string(),
        (Value::U64(number), _) => number.to_string(),
        // Requests have no others.
        (other, _) => format!("{other:?}"),
    };
    fields.push(v1::ApprovalField { path, value: text });
}

/// Amounts, days and decimals, which people read as one value.
fn plain(message: &DynamicMessage) -> Option<String> {
    match message.descriptor().full_name() {
        "google.type.Money" => {
            let money: google_type::Money = message.transcode_to().ok()?;
            convert::signed_money(&money, "").ok().map(format_amount)
        }
        "google.type.Date" => {
            let google_type::Date { year, month, day } = message.transcode_to().ok()?;
            Some(format!("{year:04}-{month:02}-{day:02}"))
        }
        "google.type.Decimal" => {
            let decimal: google_type::Decimal = message.transcode_to().ok()?;
            Some(decimal.value)
        }
        _ => None,
    }
}
