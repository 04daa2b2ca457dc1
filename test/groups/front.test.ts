// A group by the profile API, from the outside: members that are deleted or taken out, the org above them, and what stays inside.
import { describe, expect, it } from 'vitest'
import { bodyOf, openTown, school, type Town } from '../profiles/town.ts'
import { PUBLIC_URL } from '../support/known.ts'

const LAKE = 'lake.example.org'
const HILL = 'hill.example.org'

async function openValley() {
  const [lake, hill] = [school(1), school(2, { students: 25 })]
  const town = await openTown({ servers: { [LAKE]: lake, [HILL]: hill } })
  const members = [
    await town.add(bodyOf(LAKE, lake, { idPrefix: 'lake' })),
    await town.add(bodyOf(HILL, hill, { idPrefix: 'hill' })),
  ]
  const dataProvider = { '@odata.type': '#oneroster.group', profiles: members }
  const group = await town.add({ displayName: 'Both', dataProvider })
  const token = await town.token(await town.consumer(group))
  return { town, lakeId: members[0] ?? '', hillId: members[1] ?? '', group, dataProvider, token }
}

/** How many active records of each prefix the group shows, and the ids of its orgs of type district. */
async function shown(town: Town, token: string) {
  const read = async (path: string) => (await town.roster(path, token)).json
  const { users } = await read("/users?limit=1000&filter=status='active'")
  const { orgs } = await read("/orgs?limit=1000&filter=status='active'")
  const begins = (prefix: string) =>
    users.filter((user: { sourcedId: string }) => user.sourcedId.startsWith(prefix)).length
  const districts = orgs.filter((org: { type: string }) => org.type === 'district')
  return {
    lake: begins('lake') > 0,
    hill: begins('hill') > 0,
    districts: districts.map((org: { sourcedId: string }) => org.sourcedId.replace(/\d+$/, '')),
  }
}

/** The latest sync's members, by id. */
async function members(town: Town, group: string): Promise<Record<string, string>> {
  const { report } = (await town.admin('GET', `/profiles/${group}/syncs/latest`)).json
  return Object.fromEntries(
    report.members.map(({ id, state, problem }: { id: string; state: string; problem?: { code: string } }) => [
      id,
      problem === undefined ? state : `${state}: ${problem.code}`,
    ]),
  )
}

describe('the first snapshot of a group', () => {
  /** The hill's profile and the group's are made at the same moment. */
  async function openAtOnce(servers: Parameters<typeof openTown>[0]['servers']) {
    const [lake, hill] = [school(1), school(2, { students: 25 })]
    const town = await openTown({ servers: { [LAKE]: lake, ...servers } })
    const lakeId = await town.add(bodyOf(LAKE, lake, { idPrefix: 'lake' }))
    const made = await town.admin('POST', '/profiles', bodyOf(HILL, hill, { idPrefix: 'hill' }))
    const dataProvider = { '@odata.type': '#oneroster.group', profiles: [lakeId, made.json.id] }
    const group = await town.add({ displayName: 'Both', dataProvider })
    return { town, lakeId, hillId: made.json.id as string, group }
  }

  it('waits for a member that is on its way', async () => {
    const { town, lakeId, hillId, group } = await openAtOnce({ [HILL]: school(2, { students: 25 }) })
    expect(await members(town, group)).toEqual({ [lakeId]: 'merged', [hillId]: 'merged' })
    const { syncs } = (await town.admin('GET', `/profiles/${group}/syncs`)).json
    const published = syncs.filter(({ report }: { report: { isPublished: boolean } }) => report.isPublished)
    expect(published).toHaveLength(1)
  })

  it('does not wait for a member whose PowerSchool cannot be reached, and has it later', async () => {
    const { town, lakeId, hillId, group } = await openAtOnce({})
    expect(await members(town, group)).toEqual({ [lakeId]: 'merged', [hillId]: 'left-out: member-unpublished' })
    const token = await town.token(await town.consumer(group))
    expect(await shown(town, token)).toMatchObject({ lake: true, hill: false })
    const metrics = await (await town.fetch(new Request(`${PUBLIC_URL}/metrics/${group}`))).text()
    const labels = (member: string, state: string, problem: string) =>
      `oneroster_bridge_group_member{profile="${group}",member="${member}",state="${state}",problem="${problem}"} 1`
    expect(metrics).toContain(labels(lakeId, 'merged', ''))
    expect(metrics).toContain(labels(hillId, 'left-out', 'member-unpublished'))
    expect(metrics).toMatch(`group_member_snapshot_timestamp_seconds{profile="${group}",member="${lakeId}"} 17`)
  })
})

describe('a group of profiles', () => {
  it('keeps the records of a member that was deleted until it is taken out', async () => {
    const { town, lakeId, hillId, group, dataProvider, token } = await openValley()
    expect(await shown(town, token)).toEqual({ lake: true, hill: true, districts: ['hilldistEX', 'lakedistEX'] })
    expect((await town.admin('DELETE', `/profiles/${hillId}`)).status).toBe(202)
    await town.settled()
    await town.admin('POST', `/profiles/${group}/syncs`)
    await town.settled()
    expect(await members(town, group)).toEqual({ [lakeId]: 'merged', [hillId]: 'kept: member-unknown' })
    expect(await shown(town, token)).toMatchObject({ lake: true, hill: true })
    const { json: told } = await town.admin('GET', `/profiles/${group}/status`)
    expect(told.statusMessage).toMatch(
      `Of 2 members 1 could not be followed. ${hillId} (kept, member-unknown): There is no`,
    )
    expect(told.members).toMatchObject([
      { id: lakeId, state: 'merged' },
      { id: hillId, state: 'kept' },
    ])

    const renamed = await town.admin('PATCH', `/profiles/${group}`, { displayName: 'What is left' })
    expect(renamed.status).toBe(202)
    await town.settled()
    const patched = await town.admin('PATCH', `/profiles/${group}`, {
      dataProvider: { ...dataProvider, profiles: [lakeId] },
    })
    expect(patched.status).toBe(202)
    await town.settled()
    expect(await members(town, group)).toEqual({ [hillId]: 'left', [lakeId]: 'merged' })
    // That a member goes is for a person to say twice.
    const { json: held } = await town.admin('GET', `/profiles/${group}/status`)
    expect(held).toMatchObject({ status: 'validationError', statusMessage: expect.stringContaining('is held') })
    expect(await shown(town, token)).toMatchObject({ lake: true, hill: true })
    expect((await town.admin('POST', `/profiles/${group}/resume`)).status).toBe(200)
    await town.settled()
    expect(await shown(town, token)).toEqual({ lake: true, hill: false, districts: ['lakedistEX'] })
  })

  it('has the org that it is given', async () => {
    const { town, group, token } = await openValley()
    await town.admin('PATCH', `/profiles/${group}`, { org: { name: 'Valley', identifier: 'V' } })
    await town.settled()
    expect(await shown(town, token)).toEqual({ lake: true, hill: true, districts: ['distV'] })
    await town.admin('PATCH', `/profiles/${group}`, { org: null })
    await town.settled()
    expect(await shown(town, token)).toMatchObject({ districts: ['hilldistEX', 'lakedistEX'] })
  })

  it('shows nobody outside what passes between profiles', async () => {
    const { town, lakeId } = await openValley()
    for (const path of ['/internal/member', '/internal/records?collection=users&generation=1', '//internal//member']) {
      for (const consumer of ['', `${lakeId}.x`]) {
        const headers = { authorization: `Basic ${btoa(`${consumer}:x`)}` }
        expect((await town.fetch(new Request(`${PUBLIC_URL}${path}`, { headers }))).status).toBe(404)
      }
    }
    expect((await town.admin('GET', `/profiles/${lakeId}/../../internal/member`)).status).toBe(404)
  })
})
