// How moments are told.

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

const daysAgo = (when) => Math.round((new Date().setHours(0, 0, 0, 0) - new Date(when).setHours(0, 0, 0, 0)) / 86_400_000);

export const timeOfDay = (when) => clock.format(new Date(when));

export function dayName(when) {
  const days = daysAgo(when);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days < 7 ? weekday.format(new Date(when)) : date.format(new Date(when));
}

// For the list: the time today, the day before that.
export function briefly(when) {
  const days = daysAgo(when);
  if (days <= 0) return timeOfDay(when);
  return days === 1 ? 'Yesterday' : shortDate.format(new Date(when));
}

export const dayAndTime = (when) => `${dayName(when)}, ${timeOfDay(when)}`;

const WORDS = { online: 'online', away: 'away', dnd: 'do not disturb' };

// What is known of somebody's presence, in a few words.
export function presenceLine(presence) {
  if (presence?.isOnline) return WORDS[presence.status] ?? 'online';
  if (!presence?.lastSeen) return 'offline';
  const minutes = Math.floor((Date.now() - new Date(presence.lastSeen)) / 60_000);
  if (minutes < 1) return 'last seen just now';
  if (minutes < 60) return `last seen ${minutes} min ago`;
  return `last seen ${daysAgo(presence.lastSeen) ? briefly(presence.lastSeen) : `at ${timeOfDay(presence.lastSeen)}`}`;
}
