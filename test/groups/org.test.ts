// The one org above the members of a group: there by setting, with the members' own top orgs below it, and no other text changed.
import { describe, expect, it } from 'vitest'
import { drain } from '../support/roster.ts'
import { openGroup, statesOf } from './group.ts'
import { type Member, openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const ORG = { name: 'Three Valleys', identifier: '47-11' }
const EXPECTED = { sourcedId: 'dist4711', ...ORG }

function openTwo(): { readonly clock: { now: number }; readonly a: Member; readonly b: Member } {
  const clock = { now: Date.parse('2026-11-18T18:00:00Z') }
  const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock })]
  // Its schools have no org above them.
  b.town.hasDistrict = false
  for (const member of [a, b]) member.publish()
  return { clock, a, b }
}

describe('the org above the members', () => {
  it('is the parent of their top orgs, in both versions', async () => {
    const { clock, a, b } = openTwo()
    const group = await openGroup({ members: [a, b], org: ORG, clock })
    const { report } = await group.syncNow()
    expect(report.counts.orgs).toMatchObject({ active: 6, added: 6 })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)], EXPECTED))

    const read = async (path: string) => ((await (await group.get(path)).json()) as { org: unknown }).org
    const rostering = '/ims/oneroster/rostering/v1p2'
    expect(await read(`${rostering}/orgs/adist1`)).toMatchObject({
      type: 'department',
      parent: { href: `https://bridge.example.org${rostering}/orgs/dist4711`, sourcedId: 'dist4711', type: 'org' },
    })
    const found = (await (await group.get("/orgs?filter=type='district'")).json()) as { orgs: { sourcedId: string }[] }
    expect(found.orgs.map(({ sourcedId }) => sourcedId)).toEqual(['dist4711'])
    expect(await read('/orgs/bsch1')).toMatchObject({ type: 'school', metadata: { grades: '01-05' } })
  })

  it('changes nothing when nothing has changed', async () => {
    const { clock, a, b } = openTwo()
    const group = await openGroup({ members: [a, b], org: ORG, clock })
    await group.syncNow()
    a.publish()
    expect((await group.syncNow()).report).toMatchObject({ isPublished: false })
  })

  it.each([
    ['readable', false],
    ['a member that cannot be read', true],
  ])('comes, changes and goes by setting, with every member %s', async (_, isBroken) => {
    const { clock, a, b } = openTwo()
    const without = await openGroup({ members: [a, b], clock })
    await without.syncNow()
    const first = published(a)
    if (isBroken) {
      a.broken = () => new Response(null, { status: 500 })
      a.town.students.delete(1)
      a.publish()
    }
    const rosters = () => [isBroken ? first : published(a), published(b)]
    const above = await without.reopened({ org: ORG })
    expect(statesOf((await above.syncNow()).report).b).toBe('merged')
    expect(await drain(above)).toEqual(expectedOf(rosters(), EXPECTED))

    const other = { name: 'Two Valleys', identifier: 'X9' }
    const renamed = await above.reopened({ org: other })
    expect((await renamed.syncNow()).report.counts.orgs).toMatchObject({ active: 6, added: 1, removed: 1 })
    expect(await drain(renamed)).toEqual(expectedOf(rosters(), { sourcedId: 'distX9', ...other }))

    const again = await renamed.reopened({ org: null })
    await again.syncNow()
    expect(await drain(again)).toEqual(expectedOf(rosters()))
  })

  it('has an identifier also when the setting gives none', async () => {
    const { clock, a } = openTwo()
    const group = await openGroup({ members: [a], org: { name: 'Valley' }, clock })
    await group.syncNow()
    const org = { sourcedId: 'district', name: 'Valley', identifier: 'district' }
    expect(await drain(group)).toEqual(expectedOf([published(a)], org))
  })

  it('is not mixed up with a member whose prefix begins its id', async () => {
    const { clock, a } = openTwo()
    const member = openMember({ id: 'c', prefix: 'Dist', clock })
    member.publish()
    const group = await openGroup({ members: [a, member], org: ORG, clock })
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'merged', c: 'left-out: prefix-clash' })
  })
})
