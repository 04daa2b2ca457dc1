// Tells the groups of a profile that it has published: they are due at once.
import type { Log } from '../log.ts'
import type { Sql } from '../store/sql.ts'
import { forgetGroup, groupsReading } from './member-api.ts'
import type { MemberHandle } from './member-reader.ts'

export const PUBLISHED_PATH = '/internal/published'

export interface TellOptions {
  /** The profile's that has published. */
  readonly sql: Sql
  readonly profile: string
  readonly open: (group: string) => Promise<MemberHandle | undefined>
  readonly log: Log
}

/** Forgets the groups that it is no member of any more. A group that cannot be told finds it at its next sync. */
export async function tellGroups({ sql, profile, open, log }: TellOptions): Promise<void> {
  for (const group of groupsReading(sql)) {
    try {
      const handle = await open(group)
      const request = new Request(`http://profile${PUBLISHED_PATH}?member=${encodeURIComponent(profile)}`, {
        method: 'POST',
      })
      const status = handle === undefined ? 404 : (await handle.fetch(request)).status
      if (status === 404 || status === 410) forgetGroup(sql, group)
    } catch (error) {
      log.warn('group-not-told', { group, message: error instanceof Error ? error.message : 'unknown' })
    }
  }
}
