// Kills under load on PostgreSQL (HUBWIRE_TEST_DATABASE_URL).
import { postgres } from '../database.mjs';
import { kill } from '../durability.mjs';

export { long, short } from '../durability.mjs';
export const run = async (options, report) => kill(await postgres(), options, report);
