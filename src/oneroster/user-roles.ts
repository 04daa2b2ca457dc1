// What v1.2 calls a user's role in an org: it knows administrators only by the kind of org that they administer.
import type { RosterRecord } from './present.ts'

export interface RoleTeller {
  /** Remembers an org's type; orgs come before users. */
  note(org: RosterRecord): void
  /** The v1.2 role of a v1.1 role in that org. */
  inV1p2(role: string, org: string): string
}

/** v1.1 roles that v1.2 has under the same name (v1.2 data model, RoleEnum). */
export const SHARED_ROLES: ReadonlySet<string> = new Set([
  'aide',
  'guardian',
  'parent',
  'proctor',
  'relative',
  'student',
  'teacher',
])

const SITES: ReadonlySet<unknown> = new Set(['school', 'department'])

/** An administrator is a siteAdministrator at a school, or where the org is unknown, and else a districtAdministrator. */
export function createRoleTeller(): RoleTeller {
  const aboveSchools = new Set<string>()
  return {
    note({ sourcedId, fields }) {
      if (SITES.has(fields.type)) aboveSchools.delete(sourcedId)
      else aboveSchools.add(sourcedId)
    },
    inV1p2(role, org) {
      if (role !== 'administrator') return role
      return aboveSchools.has(org) ? 'districtAdministrator' : 'siteAdministrator'
    },
  }
}
