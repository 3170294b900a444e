//! Everything that can happen besides a new message, a file a noun.

mod blocks;
mod catch_up;
mod creation;
mod deliveries;
mod groups;
mod members;
mod messages;
mod moves;
mod newcomers;
mod people;
mod presences;
mod privacy;
mod pruning;
mod reactions;
mod roles;
mod sign_in;
mod states;
mod tickets;

pub(crate) use self::blocks::{NO_CONTACT, SetBlock};
pub(crate) use self::catch_up::CatchUp;
pub(crate) use self::creation::{NewDirect, NewGroup};
pub(crate) use self::deliveries::Deliver;
pub(crate) use self::groups::{ChangeGroup, EndGroup};
pub(crate) use self::members::{AddMembers, RemoveMembers};
pub(crate) use self::messages::{Delete, Edit, Pin};
pub(crate) use self::moves::{Move, Reach};
pub(crate) use self::people::{LastSeen, Profile, SetActive, SetProfiles, SetStatus};
pub(crate) use self::presences::SavePresences;
pub(crate) use self::privacy::SetPrivacy;
pub(crate) use self::pruning::{MOST as PRUNED_AT_ONCE, Prune};
pub(crate) use self::reactions::React;
pub(crate) use self::roles::{ChangeRoles, Transfer};
pub(crate) use self::sign_in::{Claims, SignIn, SignedIn};
pub(crate) use self::states::{Hide, SetFlag};
pub(crate) use self::tickets::{ForgetNodes, SaveTickets};
