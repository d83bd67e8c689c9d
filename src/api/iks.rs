//! Solidarity dues and relief (catalogue events 15 and 17).

use crate::api::convert::{self, Checked};
use crate::api::desk::{Mutation, Plan, detailed, service, transactions};
use crate::api::errors::Fault;
use crate::api::v1;
use crate::api::v1::receive_dues_request::Payer as Named;
use crate::domain::id::Entity;
use crate::domain::iks::{PayRelief, Payer, ReceiveDues};

service! {
    iks_service_server::IksService {
        receive_dues: ReceiveDuesRequest => ReceiveDuesResponse;
        pay_relief: PayReliefRequest => PayReliefResponse;
    }
}

transactions! {
    ReceiveDuesRequest => ReceiveDuesResponse;
    PayReliefRequest => PayReliefResponse;
}

impl Mutation for v1::ReceiveDuesRequest {
    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group) = convert::group(&self.group, "group")?;
        let entity = Entity::Kube(group.clone());
        let owner = (&book, &entity);
        let payer = match &self.payer {
            Some(Named::Member(name)) => {
                Payer::Member(convert::owned_by(name, owner, "members", "member")?)
            }
            Some(Named::Donor(name)) => {
                Payer::Party(convert::owned_by(name, owner, "parties", "donor")?)
            }
            None => return Err(Fault::Required.on("member")),
        };
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &entity, ReceiveDues { group, payer, amount, place }))
    }
}

impl Mutation for v1::PayReliefRequest {
    const FIELDS: &'static [(&'static str, &'static str)] = &[("group", "member")];

    detailed!();

    fn plan(&self, _: &[String]) -> Checked<Plan> {
        let (book, group, member) = convert::owned_by_group(&self.member, "members", "member")?;
        let entity = Entity::Kube(group.clone());
        let amount = convert::money(self.amount.as_ref(), "amount")?;
        let place = convert::place(self.place.as_ref(), &book, "place")?;
        Ok(Plan::new(book, &entity, PayRelief { group, member, amount, place }))
    }
}
