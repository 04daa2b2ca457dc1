// A consumer as the command line and the admin API show it.
import type { Client } from './clients.ts'

/** Times in ISO 8601, UTC; null = never, no limit, or (schools) all of them. */
export function presentClient(client: Client) {
  const { id, name, source, scopes, schools, withheld, switches, requestsPerMinute } = client
  return {
    id,
    name,
    source,
    scopes,
    schools,
    withheld,
    switches,
    requestsPerMinute,
    createdAt: new Date(client.createdMs).toISOString(),
    rotatedAt: instant(client.rotatedMs),
    previousSecretUntil: instant(client.previousUntilMs),
    expiresAt: instant(client.expiresMs),
  }
}

function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
