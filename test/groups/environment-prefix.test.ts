// ID_PREFIX: what an idPrefix is to other profiles, it is to the environment's, which can be a member of a group by it.
import { describe, expect, it } from 'vitest'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { keepPrefix, prefixOfEnvironment } from '../../src/profiles/environment-prefix.ts'
import { migrate } from '../../src/store/migrations.ts'
import { bodyOf, defaultOf, openTown, school, type Town } from '../profiles/town.ts'
import { onTestEnd } from '../support/ending.ts'
import { openTestStore } from '../support/runtime.ts'

const LAKE = 'lake.example.org'
const HILL = 'hill.example.org'

async function openValley(more: Readonly<Record<string, string>> = { ID_PREFIX: 'lake' }) {
  const [lake, hill] = [school(1), school(2, { students: 25 })]
  const settings = { ...defaultOf(LAKE, lake), ...more }
  const town = await openTown({ servers: { [LAKE]: lake, [HILL]: hill }, settings })
  const hillId = await town.add(bodyOf(HILL, hill, { idPrefix: 'hill' }))
  return { town, lake, hillId, settings }
}

const groupOf = (...profiles: readonly string[]) => ({
  displayName: 'Both',
  dataProvider: { '@odata.type': '#oneroster.group', profiles },
})

async function users(town: Town, token: string): Promise<string[]> {
  const { json } = await town.roster("/users?limit=1000&filter=status='active'", token)
  return json.users.map(({ sourcedId }: { sourcedId: string }) => sourcedId)
}

const begins = (ids: readonly string[], prefix: string) => ids.filter((id) => id.startsWith(prefix)).length

describe("the environment's profile with ID_PREFIX", () => {
  it('has it before every sourcedId, and is a member of a group that follows it', async () => {
    const { town, lake, hillId } = await openValley()
    const own = await users(town, await town.token())
    expect(own.length).toBeGreaterThan(0)
    expect(begins(own, 'lake')).toBe(own.length)
    expect((await town.admin('GET', '/profiles/default')).json).toMatchObject({ idPrefix: 'lake' })
    const explained = await town.admin('GET', `/mapping/explain/users/${own[0]}`)
    expect(explained.json).toMatchObject({ isMapped: true, snapshot: { record: 'active', agrees: true } })

    const group = await town.add(groupOf('default', hillId))
    const token = await town.token(await town.consumer(group))
    const merged = await users(town, token)
    expect(begins(merged, 'lake')).toBe(own.length)
    expect(begins(merged, 'hill')).toBeGreaterThan(0)
    expect(begins(merged, 'lake') + begins(merged, 'hill')).toBe(merged.length)

    lake.district.db.exec(
      `update students set enroll_status = 2, transaction_date = '2025-10-15'
       where id = (select min(id) from students where enroll_status = 0)`,
    )
    await town.admin('POST', '/syncs')
    await town.settled()
    await town.pass(1_000)
    expect(begins(await users(town, token), 'lake')).toBe((await users(town, await town.token())).length)
    expect(begins(await users(town, token), 'lake')).toBeLessThan(own.length)
    const readiness = (await town.admin('GET', `/profiles/${group}/readiness`)).json
    expect(readiness.records.users).toBe((await users(town, token)).length)
  })

  it('is refused as a member without one, or with one that is not apart', async () => {
    const { town, hillId } = await openValley({})
    const without = await town.admin('POST', '/profiles', groupOf('default', hillId))
    expect(without.status).toBe(400)
    expect(without.json.messages).toEqual([
      expect.stringMatching(
        /`default` is the environment's profile, whose records have no prefix\. Set ID_PREFIX before/,
      ),
    ])
    const other = await openValley({ ID_PREFIX: 'hi' })
    const clash = await other.town.admin('POST', '/profiles', groupOf('default', other.hillId))
    expect(clash.json.messages).toEqual([expect.stringContaining('one begins the other')])
  })

  it.each([
    ['another one', { ID_PREFIX: 'lake' }, { ID_PREFIX: 'pond' }, /Set ID_PREFIX to lake again/],
    ['none', { ID_PREFIX: 'lake' }, {}, /Set ID_PREFIX to lake again/],
    ['one where there was none', {}, { ID_PREFIX: 'lake' }, /Unset ID_PREFIX/],
  ])('serves on and syncs no more when it is given %s later', async (_, first, later, remedy) => {
    const { town, lake, settings } = await openValley(first)
    const before = await users(town, await town.token())
    const base = defaultOf(LAKE, lake)
    await town.restart({ ...base, ...later })
    const told = (await town.admin('GET', '/profiles/default')).json
    expect(told).toMatchObject({ state: 'provisioningFailed', problem: { code: 'settings-invalid' } })
    expect(told.problem.message).toMatch(/^ID_PREFIX cannot be changed/)
    expect(told.problem.remedy).toMatch(remedy)
    expect((await town.admin('POST', '/syncs')).status).toBe(409)
    await town.admin('POST', '/profiles/default/reset')
    await town.settled()
    expect(await users(town, await town.token())).toEqual(before)

    await town.restart(settings)
    expect((await town.admin('GET', '/profiles/default')).json).toMatchObject({ state: 'provisioned' })
    expect((await town.admin('POST', '/syncs')).status).toBe(202)
    await town.settled()
    expect((await town.admin('GET', '/syncs/latest')).json).toMatchObject({ status: 'success' })
    expect(await users(town, await town.token())).toEqual(before)
  })

  it('goes on as a member while its setting is another one', async () => {
    const { town, lake, hillId } = await openValley()
    const group = await town.add(groupOf('default', hillId))
    const token = await town.token(await town.consumer(group))
    const before = await users(town, token)
    await town.restart({ ...defaultOf(LAKE, lake), ID_PREFIX: 'pond' })
    await town.admin('POST', `/profiles/${group}/syncs`)
    await town.settled()
    const { status, report } = (await town.admin('GET', `/profiles/${group}/syncs/latest`)).json
    expect([status, report.members.map(({ state }: { state: string }) => state)]).toEqual([
      'success',
      ['merged', 'merged'],
    ])
    expect(await users(town, token)).toEqual(before)
  })

  it('may be given as long as nothing is published, and what was held without it is not released', async () => {
    const lake = school(1)
    // There is nobody: the first snapshot is held.
    for (const table of ['students', 'schoolstaff', 'studentcontactassoc', 'cc']) {
      lake.district.db.exec(`delete from ${table}`)
    }
    const base = defaultOf(LAKE, lake)
    const town = await openTown({ servers: { [LAKE]: lake }, settings: base })
    const { id, status } = (await town.admin('GET', '/syncs/latest')).json
    expect(status).toBe('validationError')
    const start = await town.reopen({ ...base, ID_PREFIX: 'lake' })
    expect((await town.admin('POST', `/syncs/${id}/resume`)).status).toBe(409)
    await start()
    expect((await town.admin('GET', '/profiles/default')).json).toMatchObject({ state: 'provisioned' })
    const { id: next } = (await town.admin('GET', '/syncs/latest')).json
    expect((await town.admin('POST', `/syncs/${next}/resume`)).status).toBe(200)
    const { json } = await town.roster('/orgs', await town.token())
    expect(json.orgs.length).toBeGreaterThan(0)
    expect(
      begins(
        json.orgs.map(({ sourcedId }: { sourcedId: string }) => sourcedId),
        'lake',
      ),
    ).toBe(json.orgs.length)
  })
})

it('is told by what is published, and by no setting that a command has looked with', () => {
  const sql = openTestStore()
  onTestEnd(() => sql.close())
  migrate(sql, STORAGE)
  expect(prefixOfEnvironment(sql, 'lake')).toEqual({ idPrefix: 'lake', fault: undefined })
  // In a shell without the server's settings, while its first sync runs.
  expect(prefixOfEnvironment(sql, '')).toEqual({ idPrefix: '', fault: undefined })
  sql.transaction(() => {
    keepPrefix(sql, 'lake')
    sql.run(`insert into generations (number, time, time_ms, head, sync) values (1, '', 1, '', 'first')`)
  })
  expect(prefixOfEnvironment(sql, 'lake')).toEqual({ idPrefix: 'lake', fault: undefined })
  expect(prefixOfEnvironment(sql, '')).toMatchObject({ idPrefix: 'lake', fault: { code: 'settings-invalid' } })
})
