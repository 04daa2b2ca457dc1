// A group in one process over members of the tests: its bridge, its consumer, and how its roster is read.

import { ensureEnvironmentClient } from '../../src/auth/environment-client.ts'
import { readConfig } from '../../src/config.ts'
import { createGroupBridge, type GroupBridge } from '../../src/groups/group-bridge.ts'
import { runGroupSync } from '../../src/groups/group-sync.ts'
import type { MemberHandle } from '../../src/groups/member-reader.ts'
import type { GroupOrg } from '../../src/groups/org.ts'
import type { GroupReport, MemberReport } from '../../src/groups/report.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { NodeSqlite } from '../../src/store/node-sqlite.ts'
import type { SyncRecord } from '../../src/store/syncs.ts'
import type { CurrentStep } from '../../src/sync/step-schedule.ts'
import { runUpkeep } from '../../src/sync/upkeep.ts'
import { ADMIN_TOKEN, BASE, CONSUMER, PUBLIC_URL, SEALING_KEY } from '../support/known.ts'
import { type Clock, testRuntime } from '../support/test-runtime.ts'
import { tokenOf } from '../support/token.ts'
import { openStore } from './town.ts'

export interface TestGroup extends GroupBridge {
  readonly sql: NodeSqlite
  readonly clock: Clock
  readonly logged: readonly string[]
  /** Runs one sync, and what follows it, a minute after the last. */
  syncNow(step?: CurrentStep, id?: string): Promise<SyncRecord & { report: GroupReport }>
  /** A GET below the v1.1 base, or of a whole path, with a token of all scopes. */
  get(path: string): Promise<Response>
  /** The same group in another process, with other members or another org. */
  reopened(change?: Partial<Pick<GroupOptions, 'members' | 'org'>>): Promise<TestGroup>
}

export interface GroupOptions {
  readonly members: readonly (MemberHandle & { readonly id: string })[]
  readonly org?: GroupOrg | null
  readonly clock: Clock
  readonly sql?: NodeSqlite
  readonly settings?: Readonly<Record<string, string>>
  readonly after?: Runtime['after']
  readonly steps?: Runtime['steps']
  /** Records that are merged together. */
  readonly batch?: number
  /** Called between two pieces of work. */
  readonly pause?: () => Promise<void>
}

export const GROUP_ID = 'pgroup'

export async function openGroup(options: GroupOptions): Promise<TestGroup> {
  const { members, org = null, clock, sql = openStore(), settings, batch, ...own } = options
  const read = readConfig(
    {
      ONEROSTER_CLIENT_ID: CONSUMER.id,
      ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
      ADMIN_TOKEN,
      PUBLISH_QUIET: 'PT0S',
      ...settings,
    },
    { needsPowerSchool: false },
  )
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const logged: string[] = []
  let ids = 0
  const runtime = testRuntime({
    sql,
    clock,
    logged,
    fetch: () => Promise.reject(new Error('a group asks no server')),
    // Another process of the same group begins to count anew.
    newId: () => `group-${clock.now}-${++ids}`,
    ...own,
  })
  await ensureEnvironmentClient(read.config.oneRoster, { sql, now: runtime.now, sealingKey: SEALING_KEY })
  const bridge = createGroupBridge({
    config: read.config,
    runtime,
    publicUrl: PUBLIC_URL,
    ...(batch === undefined ? {} : { batch }),
    group: { id: GROUP_ID, members: members.map(({ id }) => id), org },
    open: async (id) => members.find((member) => member.id === id),
  })
  let token: string | undefined
  return {
    ...bridge,
    sql,
    clock,
    logged,
    async syncNow(step, id = runtime.newId()) {
      clock.now += 60_000
      const { signal } = new AbortController()
      const record = await runGroupSync(bridge.sync, id, signal, step)
      if (record.status === 'success') await runUpkeep(bridge.sync, record.id, signal)
      // Of a sync that has failed there is none; tests of failures read `error`.
      return { ...record, report: record.report as GroupReport }
    },
    async get(path) {
      token ??= await tokenOf(bridge)
      const whole = /^\/(?:ims|admin)/.test(path) ? path : `${BASE}${path}`
      const bearer = path.startsWith('/admin') ? ADMIN_TOKEN : token
      return bridge.app.request(whole, { headers: { authorization: `Bearer ${bearer}` } })
    },
    reopened: (change = {}) => openGroup({ ...options, ...change, sql }),
  }
}

/** Each member's state, with the code of its problem. */
export function statesOf({ members }: { readonly members: readonly MemberReport[] }): Record<string, string> {
  return Object.fromEntries(
    members.map(({ id, state, problem }) => [id, problem === undefined ? state : `${state}: ${problem.code}`]),
  )
}
