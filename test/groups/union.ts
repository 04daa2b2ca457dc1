// The oracle: what a group must show, put together from the published snapshots of its members by another way.
import type { Entity } from '../../fixtures/expected.ts'
import { COLLECTIONS } from '../../src/oneroster/model.ts'
import { currentSnapshot } from '../../src/store/snapshots.ts'
import { type Roster, withoutHref } from '../support/roster.ts'
import type { Member } from './town.ts'

/** A member's current snapshot as `drain` shows a roster. */
export function published({ sql }: Pick<Member, 'sql'>): Roster {
  const generation = currentSnapshot(sql)?.generation ?? 0
  return Object.fromEntries(
    COLLECTIONS.map((collection) => {
      const rows = sql.all<{ body: string }>(
        `select body from records_${collection} where born <= ? and died > ? and status = 'active' order by sourcedId`,
        generation,
        generation,
      )
      const entities = rows.map(({ body }) => withoutHref(JSON.parse(`{${body}`)) as Entity)
      return [collection, new Map(entities.map((entity) => [entity.sourcedId, entity]))]
    }),
  )
}

export interface ExpectedOrg {
  readonly sourcedId: string
  readonly name: string
  readonly identifier: string
}

export function expectedOf(rosters: readonly Roster[], org?: ExpectedOrg): Roster {
  const union: Record<string, Map<string, Entity>> = {}
  for (const collection of COLLECTIONS) {
    const all = rosters.flatMap((roster) => [...(roster[collection]?.values() ?? [])])
    const hung = collection === 'orgs' && org !== undefined ? all.map((entity) => below(entity, org)) : all
    union[collection] = new Map(hung.map((entity) => [entity.sourcedId, entity]))
  }
  if (org !== undefined) {
    const tops = rosters.flatMap(({ orgs }) => [...(orgs?.values() ?? [])]).filter(({ parent }) => parent === undefined)
    const children = tops
      .map(({ sourcedId }) => ({ sourcedId, type: 'org' }))
      .sort((x, y) => (x.sourcedId < y.sourcedId ? -1 : 1))
    const { sourcedId, name, identifier } = org
    const more = children.length === 0 ? {} : { children }
    union.orgs?.set(sourcedId, { sourcedId, status: 'active', name, type: 'district', identifier, ...more } as Entity)
  }
  return union
}

function below(entity: Entity, { sourcedId }: ExpectedOrg): Entity {
  if (entity.parent !== undefined) return entity
  const type = entity.type === 'district' ? 'department' : entity.type
  return { ...entity, type, parent: { sourcedId, type: 'org' } } as Entity
}
