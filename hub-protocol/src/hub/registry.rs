//! This process's connections, groups and users, in memory.
//!
//! Everything a connection is registered under goes when its registration is dropped.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use dashmap::DashMap;
use parking_lot::Mutex;

use super::{Target, context::Member};
use crate::{codec::Protocol, negotiate::ConnectionId};

type Members = HashMap<ConnectionId, Arc<Member>>;

#[derive(Default)]
pub(crate) struct Registry {
    connections: DashMap<ConnectionId, Arc<Member>>,
    groups: DashMap<String, Members>,
    users: DashMap<String, Members>,
}

/// The names of the groups that a connection is in; `None` once it has left for good.
pub(super) type Joined = Mutex<Option<HashSet<String>>>;

impl Registry {
    pub(super) fn add(&self, member: &Arc<Member>) {
        if let Some(user) = member.user_identifier() {
            self.users
                .entry(user.to_owned())
                .or_default()
                .insert(member.id.clone(), Arc::clone(member));
        }
        self.connections.insert(member.id.clone(), Arc::clone(member));
    }

    pub(super) fn remove(&self, member: &Member) {
        self.connections.remove(&member.id);
        if let Some(user) = member.user_identifier() {
            leave(&self.users, user, &member.id);
        }
        // From here on nobody can put it into a group again.
        for group in member.groups.lock().take().into_iter().flatten() {
            leave(&self.groups, &group, &member.id);
        }
    }

    /// Joining twice is joining once; a connection that is not here is nobody.
    pub(super) fn join(&self, id: &ConnectionId, group: &str) {
        let Some(member) = self.connection(id) else { return };
        let mut joined = member.groups.lock();
        if let Some(groups) = &mut *joined
            && groups.insert(group.to_owned())
        {
            self.groups
                .entry(group.to_owned())
                .or_default()
                .insert(id.clone(), Arc::clone(&member));
        }
    }

    pub(super) fn leave(&self, id: &ConnectionId, group: &str) {
        let Some(member) = self.connection(id) else { return };
        let mut joined = member.groups.lock();
        if joined.as_mut().is_some_and(|groups| groups.remove(group)) {
            leave(&self.groups, group, id);
        }
    }

    pub(super) fn connection(&self, id: &ConnectionId) -> Option<Arc<Member>> {
        self.connections.get(id).map(|member| Arc::clone(&member))
    }

    pub(super) fn each(&self, mut visit: impl FnMut(&Arc<Member>)) {
        self.connections.iter().for_each(|member| visit(member.value()));
    }

    /// Everybody chosen; whoever is in two of several groups is visited twice.
    pub(super) fn each_of(&self, target: &Target, mut visit: impl FnMut(&Arc<Member>)) {
        let unless = |except: &[String], member: &Arc<Member>| !except.iter().any(|id| id == member.id.as_str());
        match target {
            Target::All => self.each(visit),
            Target::AllExcept(ids) => self.each(|member| {
                if unless(ids, member) {
                    visit(member);
                }
            }),
            Target::Connection(id) => self.parsed(id).iter().for_each(visit),
            Target::Connections(ids) => {
                let once = ids.iter().enumerate().filter(|(at, id)| !ids[..*at].contains(id));
                once.filter_map(|(_, id)| self.parsed(id))
                    .for_each(|member| visit(&member));
            }
            Target::Groups(names) => names.iter().for_each(|name| each_in(&self.groups, name, &mut visit)),
            Target::GroupExcept(name, ids) => each_in(&self.groups, name, |member| {
                if unless(ids, member) {
                    visit(member);
                }
            }),
            Target::Users(users) => users.iter().for_each(|user| each_in(&self.users, user, &mut visit)),
        }
    }

    /// About how many are chosen: those who are left out count too.
    pub(super) fn count_of(&self, target: &Target) -> usize {
        let members = |name: &String| self.groups.get(name).map_or(0, |members| members.len());
        match target {
            Target::All | Target::AllExcept(_) => self.len(),
            Target::Connection(_) => 1,
            Target::Connections(ids) => ids.len(),
            Target::Groups(names) => names.iter().map(members).sum(),
            Target::GroupExcept(name, _) => members(name),
            Target::Users(users) => users.iter().map(|user| self.count_of_user(user)).sum(),
        }
    }

    /// The protocol of the one connection that is chosen, where it is here.
    pub(super) fn protocol_of(&self, target: &Target) -> Option<Protocol> {
        match target {
            Target::Connection(id) => self.parsed(id)?.protocol.get().copied(),
            _ => None,
        }
    }

    fn parsed(&self, id: &str) -> Option<Arc<Member>> {
        self.connection(&ConnectionId::parse(id)?)
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// How many groups have members.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// How many users have connections.
    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    /// How many connections a user has.
    pub(super) fn count_of_user(&self, user: &str) -> usize {
        self.users.get(user).map_or(0, |members| members.len())
    }
}

fn each_in(table: &DashMap<String, Members>, name: &str, visit: impl FnMut(&Arc<Member>)) {
    if let Some(members) = table.get(name) {
        members.values().for_each(visit);
    }
}

fn leave<K: Eq + Hash + std::borrow::Borrow<str>>(table: &DashMap<K, Members>, name: &str, id: &ConnectionId) {
    if let Some(mut members) = table.get_mut(name) {
        members.remove(id);
    }
    table.remove_if(name, |_, members| members.is_empty());
}
