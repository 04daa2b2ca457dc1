// Tells the groups that read a profile what makes a difference to them; they are due at once then.
import { groupsReading } from '../groups/member-api.ts'
import type { Log } from '../log.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import type { HostRuntime, ProfileDirectory } from './ports.ts'

export interface GroupTeller {
  /** It has published. */
  published(): void
  /** What was to bring its first snapshot has failed: a group that waits for it need not. */
  failed(): void
}

export interface GroupTellerOptions {
  readonly sql: Sql
  /** Of the profile. */
  readonly id: string
  readonly open: ProfileDirectory['open']
  readonly launch: HostRuntime['launch']
  readonly log: Log
}

/** What cannot be told is logged: a group looks by itself, too. */
export function createGroupTeller({ sql, id, open, launch, log }: GroupTellerOptions): GroupTeller {
  async function tell(): Promise<void> {
    try {
      const { tellGroups } = await import('../groups/tell.ts')
      await tellGroups({ sql, profile: id, open, log })
    } catch (error) {
      // The store may have been closed meanwhile.
      log.warn('groups-not-told', { message: error instanceof Error ? error.message : 'unknown' })
    }
  }
  const tellIfAny = () => {
    if (groupsReading(sql).length > 0) launch(tell)
  }
  return {
    published: tellIfAny,
    failed() {
      if (currentSnapshot(sql) === undefined) tellIfAny()
    },
  }
}
