// A group's bridge: several profiles as one provider, put together from settings and what the runtime gives.
import type { Hono } from 'hono'
import { narrowRoster } from '../oneroster/narrow.ts'
import { readMeta, writeMeta } from '../store/meta.ts'
import { nameSchoolsById } from '../store/schools.ts'
import type { Sql } from '../store/sql.ts'
import type { Schedule } from '../sync/schedule.ts'
import { publishContext, type WireOptions, wireRoster } from '../wiring.ts'
import { type GroupContext, type GroupSettings, runGroupSync } from './group-sync.ts'
import { createMemberReader, type MemberHandle } from './member-reader.ts'
import { adoptMerging, readMerging } from './merge-state.ts'
import { releaseMembers } from './released.ts'
import { PUBLISHED_PATH } from './tell.ts'

export interface GroupBridgeOptions extends WireOptions {
  readonly group: GroupSettings
  /** A profile of the same bridge; undefined when there is none of that id. */
  readonly open: (member: string) => Promise<MemberHandle | undefined>
  /** See `createMemberReader`. */
  readonly batch?: number
}

export interface GroupBridge {
  readonly app: Hono
  readonly schedule: Schedule
  readonly sync: GroupContext
  /** Answers `POST /internal/published?member=ID`; undefined for every other request. Never for the outside. */
  readonly internal: (request: Request) => Response | undefined
}

/** Over a prepared store; nothing runs until `schedule.start()`. A group has no mapping and no rows. */
export function createGroupBridge({ group, open, batch, ...options }: GroupBridgeOptions): GroupBridge {
  const { runtime } = options
  const { sql, log } = runtime
  nameSchoolsById(sql)
  const publishing = publishContext(options)
  const sync: GroupContext = {
    ...publishing,
    // A number may be that of a school of each member, also of one that is yet to come: it would open that one's too.
    narrowRoster: (store, narrowing, generation) => narrowRoster(store, { ...narrowing, byIdAlone: true }, generation),
    alsoKeep: () => adoptMerging(sql),
    group,
    reader: createMemberReader({ group: group.id, open, after: runtime.after, batch }),
  }
  const wired = wireRoster(options, sync, {
    powerSchoolRequests: () => 0,
    isNewMapping: () => false,
    async run(id, signal, { step }) {
      // What was told since an earlier step of the same sync stays due.
      if (readMerging(sql)?.sync !== id) noteDue(sql, false)
      const record = await runGroupSync(sync, id, signal, step)
      if (record.status !== 'inProgress' && isDue(sql)) runtime.after(0, requestDue)
      return record
    },
    release(id) {
      const released = releaseMembers(sql, id)
      if (released === undefined) return undefined
      log.warn('members-released', { sync: id, members: released.members })
      // What runs now may have kept them already.
      noteDue(sql, true)
      requestDue()
      return released.record
    },
  })
  const { schedule } = wired
  /** Not before, for the group may be paused, and not after. */
  let isStarted = false
  function requestDue(): void {
    if (isStarted && isDue(sql) && schedule.running() === undefined) schedule.request()
  }
  return {
    ...wired,
    schedule: {
      ...schedule,
      start() {
        isStarted = true
        schedule.start()
        requestDue()
      },
      stop() {
        isStarted = false
        return schedule.stop()
      },
    },
    sync,
    internal(request) {
      const { pathname, searchParams } = new URL(request.url)
      if (request.method !== 'POST' || pathname !== PUBLISHED_PATH) return undefined
      if (!group.members.includes(searchParams.get('member') ?? '')) return new Response(null, { status: 410 })
      // What runs now may have read that member already.
      noteDue(sql, true)
      requestDue()
      return new Response(null, { status: 202 })
    },
  }
}

const DUE = 'group-due'

const isDue = (sql: Sql): boolean => readMeta(sql, DUE) === '1'

function noteDue(sql: Sql, isDueNow: boolean): void {
  if (isDue(sql) !== isDueNow) writeMeta(sql, DUE, isDueNow ? '1' : '0')
}
