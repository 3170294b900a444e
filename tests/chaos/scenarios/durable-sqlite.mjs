// Kills under load on SQLite.
import { sqlite } from '../database.mjs';
import { kill } from '../durability.mjs';

export { long, short } from '../durability.mjs';
export const run = async (options, report) => kill(sqlite(), options, report);
