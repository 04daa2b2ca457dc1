// A group on Workers: each member, one of them the environment's, and the group itself are Durable Objects of `wrangler dev`,
// which read and tell each other.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { servePowerSchool } from '../../fixtures/powerschool/server.ts'
import { createPowerSchool, type PowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { startWranglerDev, type WranglerDev } from '../../fixtures/wrangler-dev.ts'
import { consumerOf, fetchToken } from '../e2e/consumer.ts'
import { ADMIN_TOKEN, realToday } from '../e2e/powerschool.ts'
import { until } from '../e2e/processes.ts'
import { drain } from '../support/roster.ts'
import { expectedOf } from './union.ts'

const folder = mkdtempSync(join(tmpdir(), 'bridge-groups-'))
const cleanups: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })]
const districts = [1, 2].map((seed) =>
  createDistrict({ students: 50, seed, perStudentEnrollments: 3, today: realToday() }),
)
const servers: { readonly url: string; readonly credentials: PowerSchool['credentials'] }[] = []
let worker: WranglerDev

beforeAll(async () => {
  for (const district of districts) {
    const simulator = createPowerSchool({ district, now: Date.now })
    const { url, close } = await servePowerSchool(simulator, 0)
    cleanups.unshift(close)
    servers.push({ url, credentials: simulator.credentials })
  }
  const [first] = servers
  if (first === undefined) throw new Error('there are two')
  const settings = {
    POWERSCHOOL_URL: first.url,
    POWERSCHOOL_CLIENT_ID: first.credentials.clientId,
    POWERSCHOOL_CLIENT_SECRET: first.credentials.clientSecret,
    POWERSCHOOL_TEMPLATE: 'rest',
    ID_PREFIX: 's0',
    SEALING_KEY: Buffer.alloc(32, 'key').toString('base64'),
    ADMIN_TOKEN,
    SYNC_INTERVAL: 'PT0S',
    PUBLISH_QUIET: 'PT0S',
  }
  worker = await startWranglerDev({ settings, folder })
  cleanups.unshift(() => worker.kill())
})

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup()
})

interface Told {
  readonly id: string
  readonly status: string
  readonly secret: string
  /** Of a readiness report. */
  readonly records?: Readonly<Record<string, number>>
  readonly report?: { readonly members?: readonly { readonly state: string }[] }
}

async function admin(method: string, path: string, body?: unknown): Promise<Told> {
  const answer = await fetch(`${worker.url}/admin/profiles${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return (await answer.json()) as Told
}

/** The latest sync of the profile, once it is another than that one and has ended well. */
async function nextSync(profile: string, before?: Told): Promise<Told> {
  let latest: Told | undefined
  await until(async () => {
    latest = await admin('GET', `/${profile}/syncs/latest`)
    return latest.status === 'success' && latest.id !== before?.id
  })
  if (latest === undefined) throw new Error('no sync')
  return latest
}

async function rosterOf(profile: string) {
  const { id, secret } = await admin('POST', `/${profile}/consumers`, { name: 'A reader' })
  const { token } = await fetchToken(worker, { id, secret })
  return drain(await consumerOf(worker, token))
}

it('merges its members, and is told when one of them publishes', async () => {
  const [, second] = servers
  const made = await admin('POST', '', {
    displayName: 's1',
    template: 'rest',
    idPrefix: 's1',
    dataProvider: { connectionUrl: second?.url, ...second?.credentials },
  })
  const members = ['default', made.id]
  for (const member of members) await nextSync(member)
  const group = await admin('POST', '', {
    displayName: 'Both',
    dataProvider: { '@odata.type': '#oneroster.group', profiles: members },
    org: { name: 'Valley', identifier: '7' },
  })
  const first = await nextSync(group.id)
  expect(first.report?.members?.map(({ state }) => state)).toEqual(['merged', 'merged'])
  const union = async () =>
    expectedOf(await Promise.all(members.map(rosterOf)), { sourcedId: 'dist7', name: 'Valley', identifier: '7' })
  expect(await rosterOf(group.id)).toEqual(await union())
  const { records } = await admin('GET', `/${group.id}/readiness`)
  expect(records?.users).toBe((await union()).users?.size)

  districts[1]?.db.exec(
    `update students set enroll_status = 2 where id = (select min(id) from students where enroll_status = 0)`,
  )
  await admin('POST', `/${members[1]}/syncs`)
  await nextSync(group.id, first)
  expect(await rosterOf(group.id)).toEqual(await union())
  expect((await fetch(`${worker.url}/internal/member`)).status).toBe(404)
})
